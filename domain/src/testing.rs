//! How the rules are tested: given what happened, when a command comes, then these events, or this rejection.
//!
//! ```ignore
//! given::<Claim>([claimed(1)]).when(release(1)).then([released(1)]).and_a_repeat_gives_nothing();
//! given::<Claim>([claimed(1)]).when(claim(2)).then_rejected(held_by(1));
//! ```
//! Time stands still at [`NOW`] unless a test moves it; ids come from a counter. Whatever a command gives is folded at
//! once, so that a decision whose events can't be folded fails every test that meets it.

use crate::coupon::{CouponAnswer, CouponEvent};
use crate::credit::CreditEvent;
use crate::gift_card::GiftCardEvent;
use crate::past::{Fact, PastQuestion};
use crate::{Context, Decider, IdSource, Timestamp};
use chrono::TimeDelta;
use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// 2026-11-23T10:00:00Z: when everything happens unless a test says otherwise.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_428_000_000);

/// A fixed id: the same number is the same id.
pub(crate) const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The `nth` (from 0) id that a decision is given, in every decision anew.
pub(crate) const fn new_id(nth: u64) -> Uuid {
    Uuid::from_u128(0xF000_0000 + nth as u128)
}

/// Gives [`new_id`] 0, 1, 2 and so on.
#[derive(Default)]
struct Counter(AtomicU64);

impl IdSource for Counter {
    fn next(&self) -> Uuid {
        new_id(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// What `state` decides at `now`.
pub(crate) fn decide<D: Decider>(
    state: &D,
    command: &D::Command,
    now: Timestamp,
) -> Result<Vec<D::Event>, D::Rejection> {
    state.decide(command, &Context { now, ids: &Counter::default() })
}

/// Folds the events that happened at `at` into the state.
#[track_caller]
pub(crate) fn fold<D: Decider>(state: &mut D, events: &[D::Event], at: Timestamp) {
    for event in events {
        if let Err(impossible) = state.evolve(event, at) {
            panic!("{impossible}");
        }
    }
}

/// Sends the commands one after another, `pace` apart, and shows `look` the state after each. Where `gives_nothing_again`
/// says so of a command that was accepted, it is sent again at once and must give no event.
#[track_caller]
pub(crate) fn live_through<D: Decider>(
    commands: &[D::Command],
    pace: TimeDelta,
    gives_nothing_again: impl Fn(&D::Command) -> bool,
    mut look: impl FnMut(&D, &D::Command, &Result<Vec<D::Event>, D::Rejection>),
) -> D
where
    D::Event: PartialEq + Debug,
    D::Rejection: PartialEq,
{
    let (mut state, mut now) = (D::default(), NOW);
    for command in commands {
        let outcome = decide(&state, command, now);
        if let Ok(events) = &outcome {
            fold(&mut state, events, now);
            if gives_nothing_again(command) {
                assert_eq!(decide(&state, command, now), Ok(Vec::new()));
            }
        }
        look(&state, command, &outcome);
        now = now.plus(pace);
    }
    state
}

/// A state to send commands to.
#[derive(Clone)]
pub(crate) struct Given<D: Decider> {
    pub(crate) state: D,
    now: Timestamp,
}

/// The state after these events, all of which happened at [`NOW`].
#[track_caller]
pub(crate) fn given<D: Decider>(events: impl IntoIterator<Item = impl Into<D::Event>>) -> Given<D> {
    nothing::<D>().and(events)
}

/// The state before the first event.
pub(crate) fn nothing<D: Decider>() -> Given<D> {
    Given { state: D::default(), now: NOW }
}

impl<D: Decider> Given<D> {
    /// More events, at the present moment.
    #[track_caller]
    pub(crate) fn and(mut self, events: impl IntoIterator<Item = impl Into<D::Event>>) -> Self {
        let events: Vec<D::Event> = events.into_iter().map(Into::into).collect();
        fold(&mut self.state, &events, self.now);
        self
    }

    /// Time passes.
    pub(crate) fn later(mut self, by: TimeDelta) -> Self {
        self.now = self.now.plus(by);
        self
    }

    #[track_caller]
    pub(crate) fn when(self, command: D::Command) -> Decided<D> {
        let outcome = decide(&self.state, &command, self.now);
        let mut after = self.clone();
        if let Ok(events) = &outcome {
            fold(&mut after.state, events, self.now);
        }
        Decided { after, command, outcome }
    }

    /// The event must not be foldable here: no history can contain it.
    #[track_caller]
    pub(crate) fn is_impossible(&self, event: impl Into<D::Event>) {
        let folded = self.state.clone().evolve(&event.into(), self.now);
        assert!(folded.is_err(), "an event that can't be was folded");
    }
}

/// What came of a command.
pub(crate) struct Decided<D: Decider> {
    after: Given<D>,
    command: D::Command,
    outcome: Result<Vec<D::Event>, D::Rejection>,
}

impl<D: Decider> Decided<D>
where
    D::Event: PartialEq + Debug,
    D::Rejection: PartialEq,
{
    /// Exactly these events. Gives the state after them.
    #[track_caller]
    pub(crate) fn then(self, events: impl IntoIterator<Item = impl Into<D::Event>>) -> After<D> {
        let expected: Vec<D::Event> = events.into_iter().map(Into::into).collect();
        assert_eq!(self.outcome, Ok(expected));
        After { given: self.after, command: self.command }
    }

    /// Accepted, and no event.
    #[track_caller]
    pub(crate) fn then_nothing(self) -> After<D> {
        self.then(Vec::<D::Event>::new())
    }

    #[track_caller]
    pub(crate) fn then_rejected(self, rejection: D::Rejection) -> Given<D> {
        assert_eq!(self.outcome, Err(rejection));
        self.after
    }
}

/// The state after an accepted command.
pub(crate) struct After<D: Decider> {
    given: Given<D>,
    command: D::Command,
}

impl<D: Decider> After<D>
where
    D::Event: PartialEq + Debug,
    D::Rejection: PartialEq,
{
    /// The story goes on.
    pub(crate) fn so(self) -> Given<D> {
        self.given
    }

    /// The very same command again is accepted and gives no event.
    #[track_caller]
    pub(crate) fn and_a_repeat_gives_nothing(self) -> Given<D> {
        self.given.when(self.command).then_nothing().so()
    }

    /// The very same command again is refused.
    #[track_caller]
    pub(crate) fn and_a_repeat_is_rejected(self, rejection: D::Rejection) -> Given<D> {
        self.given.when(self.command).then_rejected(rejection)
    }
}

/// A history that grows command by command, for tests by random sequences. Its ids are never the same twice.
pub(crate) struct History<D: Decider> {
    pub(crate) state: D,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<(D::Event, Timestamp)>,
    ids: Counter,
}

impl<D: Decider> History<D>
where
    D: PartialEq + Debug,
    D::Event: PartialEq + Debug,
{
    pub(crate) fn new() -> Self {
        Self { state: D::default(), now: NOW, events: Vec::new(), ids: Counter::default() }
    }

    /// Decides the command, and folds what it gives.
    #[track_caller]
    pub(crate) fn send(&mut self, command: &D::Command) -> Result<Vec<D::Event>, D::Rejection> {
        self.state.forget_told();
        while let Some(asked) = self.state.asks(command) {
            let fact = self.index(&asked);
            self.state.told(&asked, fact);
            assert_ne!(self.state.asks(command), Some(asked), "it was told");
        }
        let events = self.state.decide(command, &Context { now: self.now, ids: &self.ids })?;
        fold(&mut self.state, &events, self.now);
        self.events.extend(events.iter().map(|event| (event.clone(), self.now)));
        Ok(events)
    }

    /// What an index over all events says.
    fn index(&self, asked: &PastQuestion) -> Option<Fact> {
        let events = (0..).zip(&self.events).map(|(revision, (event, _))| (revision, event.clone().into()));
        let events: Vec<(u64, crate::Event)> = events.collect();
        let stream = stream_of(events.first().map(|(_, event)| event)?);
        if let PastQuestion::CouponUses { customer_id, coupon_id } = asked {
            let answers = events.iter().flat_map(|(_, event)| PastQuestion::answered_by(coupon_id.0, event));
            let answers: HashSet<PastQuestion> = answers.collect();
            let counts = |asked: &&PastQuestion| {
                let fact = self.index(asked);
                matches!(fact, Some(Fact::CouponAnswer(CouponAnswer::Redeemed { customer_id: by, reversed: false, .. }))
                    if by == *customer_id)
            };
            return Some(Fact::CouponUses(answers.iter().filter(counts).count() as u64));
        }
        let mut fact = None;
        for (revision, event) in &events {
            if PastQuestion::answered_by(stream, event).contains(asked) {
                fact = Some(Fact::after(fact, asked, event, *revision).expect("an event that can follow"));
            }
        }
        fact
    }

    /// The events as they are stored and read back fold to the same state, and so does a snapshot of it.
    #[track_caller]
    pub(crate) fn assert_survives_storage(&self) {
        let mut read_back = D::default();
        for (event, at) in &self.events {
            let stored: crate::Event = event.clone().into();
            let data = serde_json::to_vec(&stored).expect("an event can be stored");
            let read =
                crate::Event::decode(D::CATEGORY, stored.event_type(), &data).expect("a stored event can be read");
            fold(&mut read_back, &[D::event(read).expect("an event of this aggregate")], *at);
        }
        let mut state = self.state.clone();
        state.forget_told();
        assert_eq!(read_back, state, "the stored events fold to another state");
        let snapshot = serde_json::to_vec(&state).expect("a state can be stored");
        let restored: D = serde_json::from_slice(&snapshot).expect("a stored state can be read");
        assert_eq!(restored, state, "the snapshot is of another state");
    }
}

/// The id in the stream's name, from its first event; nil where nothing asks for it.
fn stream_of(first: &crate::Event) -> Uuid {
    match first {
        crate::Event::Coupon(CouponEvent::CouponCreated(event)) => event.coupon_id.0,
        crate::Event::GiftCard(GiftCardEvent::GiftCardIssued(event)) => event.gift_card_id.0,
        crate::Event::Credit(CreditEvent::CreditIssued(event)) => event.credit_id.0,
        _ => Uuid::nil(),
    }
}

/// Runs the test with states that keep so few of what they must remember.
pub(crate) fn keeping<T>(entries: usize, test: impl FnOnce() -> T) -> T {
    let before = crate::recent::KEPT_IN_TEST.replace(entries);
    let outcome = test();
    crate::recent::KEPT_IN_TEST.set(before);
    outcome
}

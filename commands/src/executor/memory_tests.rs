use super::*;
use proptest::prelude::*;

fn moment(minutes: i64) -> Timestamp {
    Timestamp::default().plus(TimeDelta::minutes(minutes))
}

fn key(key: &str) -> Keyed {
    Keyed::noted(key.to_owned(), "f".to_owned())
}

/// A stream whose events say when they happened: never before the one before.
#[derive(Default)]
struct Stream {
    memory: Memory,
    length: u64,
    last_at: Timestamp,
}

impl Stream {
    /// A command of one event, decided by a node whose clock says this.
    fn decide(&mut self, name: &str, clock: Timestamp, creates: bool) {
        let at = clock.max(self.last_at);
        self.memory.note(&key(name).read_at(clock, at), self.length, at, creates);
        (self.length, self.last_at) = (self.length + 1, at);
    }

    /// So many commands, one each minute from then on.
    fn go_on(&mut self, from: i64, minutes: i64) {
        (from..from + minutes).for_each(|minute| self.decide(&format!("at {minute}"), moment(minute), false));
    }

    fn knows(&self, name: &str) -> bool {
        matches!(self.memory.recall(&key(name)), Recall::Done(_))
    }
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

#[test]
fn a_key_lives_for_a_day_and_is_forgotten_then() {
    let mut stream = Stream::default();
    stream.decide("early", moment(0), false);
    stream.go_on(1, DAY);
    assert!(stream.knows("early"));
    stream.go_on(DAY, 2 * HOUR);
    assert!(!stream.knows("early"));
    assert!(stream.knows("at 200"));
    // What is kept is of one day, and what is given for clocks that jump.
    stream.go_on(DAY + 2 * HOUR, 10 * DAY);
    assert!((DAY as usize..DAY as usize + 90).contains(&stream.memory.recent.len()), "{}", stream.memory.recent.len());
    assert_eq!(stream.memory.by_age.len(), stream.memory.recent.len());
}

#[test]
fn a_clock_that_jumps_ahead_and_comes_back_kills_no_key() {
    for jump in [25 * HOUR, 400 * DAY] {
        // For one command; for so many that they are believed.
        for jumped in [1, 3 * HOUR] {
            let mut stream = Stream::default();
            stream.decide("before", moment(0), false);
            stream.go_on(1, HOUR);
            for minute in HOUR..HOUR + jumped {
                stream.decide(&format!("ahead {minute}"), moment(minute + jump), false);
            }
            stream.go_on(HOUR + jumped, DAY - HOUR - jumped);
            assert!(stream.knows("before") && stream.knows("ahead 60"), "after {jump} min for {jumped} commands");
            // And it is no reason to remember for ever.
            stream.go_on(DAY, 4 * HOUR);
            assert!(!stream.knows("before"), "after {jump} min for {jumped} commands");
            stream.go_on(DAY + 4 * HOUR, DAY);
            assert!(!stream.knows("ahead 60"), "after {jump} min for {jumped} commands");
        }
    }
}

#[test]
fn clocks_of_nodes_that_differ_hurry_nothing() {
    for apart in [1, 25 * HOUR] {
        let mut stream = Stream::default();
        stream.decide("first", moment(0), false);
        for minute in 1..DAY {
            stream.decide(&format!("late {minute}"), moment(minute), false);
            stream.decide(&format!("ahead {minute}"), moment(minute + apart), false);
        }
        assert!(stream.knows("first"), "{apart} min apart");
    }
}

#[test]
fn a_quiet_stream_remembers_few_keys_for_longer() {
    let mut stream = Stream::default();
    (0..1_000).for_each(|day| stream.decide(&format!("on {day}"), moment(day * DAY), false));
    assert!(stream.memory.recent.len() < 200, "{}", stream.memory.recent.len());
    assert!(stream.knows("on 999") && stream.knows("on 900") && !stream.knows("on 700"));
}

#[test]
fn creations_are_remembered_for_ever_the_newest_by_the_state() {
    let mut stream = Stream::default();
    stream.decide("the stream's", moment(0), true);
    stream.decide("a year ago", moment(1), true);
    stream.go_on(400 * DAY, 30 * HOUR);
    assert!(stream.knows("the stream's") && stream.knows("a year ago") && !stream.memory.has_dropped());
    let now = 402 * DAY;
    for number in 0..CREATIONS {
        stream.decide(&format!("creation {number}"), moment(now + number as i64 * HOUR), true);
    }
    assert!(stream.memory.has_dropped() && !stream.knows("a year ago") && stream.knows("the stream's"));
    assert!((0..CREATIONS).all(|number| stream.knows(&format!("creation {number}"))));
    assert_eq!((stream.memory.creations.len(), stream.memory.in_order.len()), (CREATIONS, CREATIONS));
}

#[test]
fn a_command_is_a_creation_if_its_last_event_is_one() {
    let mut memory = Memory::default();
    let mut note = |name: &str, events: &[(u64, bool)], at| {
        events.iter().for_each(|(revision, creates)| memory.note(&key(name).idempotency, *revision, at, *creates));
    };
    note("opens on its way", &[(0, true), (1, false), (2, false)], moment(0));
    note("replaces", &[(3, false), (4, true)], moment(0));
    note("opens on its way too", &[(5, true), (6, false)], moment(0));
    // The same key again, right behind, is another command.
    note("again", &[(7, false)], moment(0));
    note("again", &[(8, false)], moment(9));
    let Recall::Done(replaces) = memory.recall(&key("replaces")) else { panic!("it was noted") };
    assert_eq!((replaces.revision, replaces.events), (3, 2));
    assert_eq!(memory.creations.keys().collect::<Vec<_>>(), ["replaces"]);
    assert_eq!((memory.in_order.len(), &memory.first), (1, &None));
    let Recall::Done(again) = memory.recall(&key("again")) else { panic!("it was noted") };
    assert_eq!((again.revision, again.events), (8, 1));
    let Recall::Done(three) = memory.recall(&key("opens on its way")) else { panic!("it was noted") };
    assert_eq!((three.revision, three.events), (0, 3));
}

#[test]
fn another_request_is_told_apart() {
    let mut stream = Stream::default();
    stream.decide("k", moment(0), false);
    let other = Keyed::noted("k".to_owned(), "g".to_owned());
    assert!(matches!(stream.memory.recall(&other), Recall::OtherRequest));
}

proptest! {
    /// However clocks jump, what is younger than 24 hours by the true time is known, as long as they jump a handful of times.
    #[test]
    fn no_jumps_shorten_a_life(
        jumps in proptest::collection::vec((0..DAY, -400 * DAY..400 * DAY), 0..3),
        at in 0..2 * DAY,
    ) {
        let mut stream = Stream::default();
        let offset = |minute: i64| {
            let last = jumps.iter().filter(|(from, _)| at + from <= minute).max_by_key(|(from, _)| *from);
            last.map_or(0, |(_, by)| *by)
        };
        for minute in (0..at + DAY).step_by(3) {
            let name = if (at..at + 3).contains(&minute) { "it".to_owned() } else { format!("at {minute}") };
            stream.decide(&name, moment(minute + offset(minute)), false);
        }
        prop_assert!(stream.knows("it"));
    }
}

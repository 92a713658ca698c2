//! All orders in which a test can let things happen, one after another.

use super::Chance;

/// Goes through every sequence of choices, in order or by chance: run the test with what [`next`](Schedules::next) gives, hand it back to
/// [`ran`](Schedules::ran), until there is none left.
///
/// Needs a test that does the same again when the same is chosen.
#[derive(Debug)]
pub struct Schedules {
    /// What to choose first in the next run.
    prefix: Option<Vec<Choice>>,
    runs_left: usize,
    by_chance: usize,
    chance: Chance,
}

/// The choices of one run. Print it when a run fails: it says which one it was.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    choices: Vec<Choice>,
    made: usize,
    /// Chooses where nothing else says what to choose.
    chance: Option<Chance>,
}

#[derive(Clone, Copy, Debug)]
struct Choice {
    chosen: usize,
    of: usize,
}

impl Schedules {
    /// Every sequence, but at most so many.
    pub fn up_to(runs: usize) -> Self {
        Self { prefix: Some(Vec::new()), runs_left: runs, by_chance: 0, chance: Chance(0) }
    }

    /// After these, so many more by chance, unless every sequence was among them: the first ones of a long run differ only in
    /// its last choices. The same seed gives the same ones.
    pub fn then_by_chance(self, runs: usize, seed: u64) -> Self {
        Self { by_chance: runs, chance: Chance(seed), ..self }
    }

    /// The next run; `None` when all were gone through, or the bound is reached.
    #[allow(clippy::should_implement_trait)] // What it gives has to be handed back, which no iterator's user expects.
    pub fn next(&mut self) -> Option<Schedule> {
        let choices = self.prefix.clone()?;
        if let Some(left) = self.runs_left.checked_sub(1) {
            self.runs_left = left;
            return Some(Schedule { choices, made: 0, chance: None });
        }
        self.by_chance = self.by_chance.checked_sub(1)?;
        let seed = self.chance.below(usize::MAX) as u64;
        Some(Schedule { choices: Vec::new(), made: 0, chance: Some(Chance(seed)) })
    }

    /// Takes back a schedule that was run.
    pub fn ran(&mut self, schedule: Schedule) {
        if schedule.chance.is_some() {
            return;
        }
        let mut choices = schedule.choices;
        choices.truncate(schedule.made);
        while let Some(last) = choices.last_mut() {
            if last.chosen + 1 < last.of {
                last.chosen += 1;
                self.prefix = Some(choices);
                return;
            }
            choices.pop();
        }
        self.prefix = None;
    }

    /// Whether every sequence has been run.
    pub fn complete(&self) -> bool {
        self.prefix.is_none()
    }
}

impl Schedule {
    /// Chooses one of `of` (at least one) possibilities.
    ///
    /// # Panics
    /// If the run offers fewer possibilities than the one before it did at this place.
    pub fn choose(&mut self, of: usize) -> usize {
        if self.made == self.choices.len() {
            let chosen = self.chance.as_mut().map_or(0, |chance| chance.below(of));
            self.choices.push(Choice { chosen, of });
        }
        let choice = &mut self.choices[self.made];
        choice.of = of;
        assert!(choice.chosen < of, "the run went another way than before: {self:?}");
        let chosen = choice.chosen;
        self.made += 1;
        chosen
    }
}

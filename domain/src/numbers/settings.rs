//! A store's settings for numbers, and which changes of them are none that could repeat a number.

use super::{Document, NumberFormat};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When ranks begin again at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberRestart {
    #[default]
    Never,
    /// With each year, in the store's time zone.
    Yearly,
}

/// How a store's documents are numbered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NumberSettings {
    #[schema(value_type = String)]
    pub invoice_number_format: NumberFormat,
    /// `None`: as invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub credit_note_number_format: Option<NumberFormat>,
    #[serde(default)]
    pub number_restart: NumberRestart,
}

/// How numbers of one kind were given at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Series {
    format: NumberFormat,
    restart: NumberRestart,
}

/// All settings that a store ever had, the last one being in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsHistory {
    now: NumberSettings,
    /// Those that differ in what they could give, the present ones not among them.
    invoices: Vec<Series>,
    credit_notes: Vec<Series>,
}

/// Changes that can be remembered: each goes into every later decision.
const MAX_SERIES: usize = 100;

/// Why settings are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumbersCouldRepeat {
    #[error("numbers that begin again with each year need {{year}} in their format")]
    NoYear { of: Document },
    #[error("{new} could give a number that {earlier} gave or could have given; begin it otherwise")]
    Earlier { of: Document, new: NumberFormat, earlier: NumberFormat },
    #[error("the format was changed {MAX_SERIES} times already")]
    TooMany { of: Document },
}

impl NumbersCouldRepeat {
    /// What would be numbered so.
    pub fn document(&self) -> Document {
        match self {
            Self::NoYear { of } | Self::Earlier { of, .. } | Self::TooMany { of } => *of,
        }
    }
}

impl NumberSettings {
    /// The format of a kind of document.
    pub fn format(&self, of: Document) -> &NumberFormat {
        match (of, &self.credit_note_number_format) {
            (Document::CreditNote, Some(format)) => format,
            (Document::Invoice | Document::CreditNote, _) => &self.invoice_number_format,
        }
    }

    fn series(&self, of: Document) -> Series {
        Series { format: self.format(of).clone(), restart: self.number_restart }
    }

    /// Whether they alone could repeat a number.
    ///
    /// # Errors
    /// They could.
    pub fn check(&self) -> Result<(), NumbersCouldRepeat> {
        [Document::Invoice, Document::CreditNote].into_iter().try_for_each(|of| {
            match self.number_restart == NumberRestart::Yearly && !self.format(of).has_year() {
                true => Err(NumbersCouldRepeat::NoYear { of }),
                false => Ok(()),
            }
        })
    }
}

impl Series {
    /// Whether no number of one is one of the other. Those alike but for the digits that ranks are filled up to count on in the same
    /// way, so that a rank that was given is not given again.
    fn is_apart_from(&self, other: &Self) -> bool {
        match self.format.is_alike(&other.format) {
            true => self.restart == other.restart,
            false => !self.format.meets(&other.format),
        }
    }

    fn counts_like(&self, other: &Self) -> bool {
        self.restart == other.restart && self.format.is_alike(&other.format)
    }
}

impl SettingsHistory {
    /// Of a store that begins with these.
    pub fn beginning_with(now: NumberSettings) -> Self {
        Self { now, ..Self::default() }
    }

    pub fn now(&self) -> &NumberSettings {
        &self.now
    }

    /// Whether no number could be given twice with these from now on, whatever was given so far.
    ///
    /// # Errors
    /// One could.
    pub fn check(&self, new: &NumberSettings) -> Result<(), NumbersCouldRepeat> {
        new.check()?;
        for of in [Document::Invoice, Document::CreditNote] {
            let (series, earlier) = (new.series(of), self.earlier(of));
            let now = self.now.series(of);
            let other = earlier.iter().chain([&now]).find(|earlier| !series.is_apart_from(earlier));
            if let Some(earlier) = other {
                return Err(NumbersCouldRepeat::Earlier { of, new: series.format, earlier: earlier.format.clone() });
            }
            if earlier.len() >= MAX_SERIES && !series.counts_like(&now) {
                return Err(NumbersCouldRepeat::TooMany { of });
            }
        }
        Ok(())
    }

    /// These are in force from now on.
    pub fn change(&mut self, new: NumberSettings) {
        for of in [Document::Invoice, Document::CreditNote] {
            let (now, series) = (self.now.series(of), new.series(of));
            let earlier = self.earlier_mut(of);
            if !now.counts_like(&series) && !earlier.iter().any(|known| known.counts_like(&now)) {
                earlier.push(now);
            }
        }
        self.now = new;
    }

    fn earlier(&self, of: Document) -> &[Series] {
        match of {
            Document::Invoice => &self.invoices,
            Document::CreditNote => &self.credit_notes,
        }
    }

    fn earlier_mut(&mut self, of: Document) -> &mut Vec<Series> {
        match of {
            Document::Invoice => &mut self.invoices,
            Document::CreditNote => &mut self.credit_notes,
        }
    }
}

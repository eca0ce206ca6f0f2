//! Time as estates live it: zones with their real transitions, schedules, weekly profiles.

mod again;
mod free;
mod gaps;
mod profile;
mod rule;
pub mod show;
mod zone;

pub use again::{Again, HALF_YEAR};
pub use free::{Starts, weeks};
pub use gaps::{Gap, Gaps, worst_gaps};
pub use profile::{Line, WEEK_MINUTES, WEEK_SECONDS, WeekProfile};
pub use rule::{ALL_MONTHS, ALL_WEEKDAYS, ALL_WEEKS, Clock, Days, NotAligned, Rule, Window};
pub use zone::{UnknownZone, Zone, day};

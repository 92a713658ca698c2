//! What clients ask of streaming metrics (api.md §11).

use crate::wire::query::{Params, Query};
use streaming::Window;
use utoipa::IntoParams;

/// Which window.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WindowParams {
    /// `day` (the current day in the store's time zone, the default), `1h`, `24h` or `7d`.
    #[param(value_type = Option<String>)]
    pub window: Option<Window>,
}

impl Params for WindowParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { window: query.read_with("window", "must be day, 1h, 24h or 7d", |text| text.parse().ok()) }
    }
}

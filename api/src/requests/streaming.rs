//! What clients ask of streaming metrics (api.md §11).

use crate::wire::query::{Params, Query};
use streaming::Window;
use utoipa::{IntoParams, ToSchema};

/// Which window.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WindowParams {
    /// `day`, the default, is the current day in the store's time zone; the others end now.
    #[param(inline, value_type = Option<WindowName>)]
    pub window: Option<Window>,
}

/// The names of [`Window`]s.
#[derive(ToSchema)]
#[allow(dead_code)] // Published; what is read is the window.
enum WindowName {
    #[schema(rename = "day")]
    Day,
    #[schema(rename = "1h")]
    LastHour,
    #[schema(rename = "24h")]
    Last24Hours,
    #[schema(rename = "7d")]
    Last7Days,
}

impl Params for WindowParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { window: query.read_with("window", "must be day, 1h, 24h or 7d", |text| text.parse().ok()) }
    }
}

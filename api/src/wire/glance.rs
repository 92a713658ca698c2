//! What a query is answered from: the views as they are, or as they were (api.md §1, As of).

use crate::codes::Code;
use crate::mapping;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::requests::as_of::AsOf;
use crate::requests::dates::DateParam;
use crate::wire::answer::{self, Single};
use crate::wire::call::Call;
use crate::wire::list::List;
use crate::wire::paging::Paging;
use axum::response::Response;
use chrono::TimeDelta;
use chrono_tz::Tz;
use domain::store::Role;
use domain::{StoreId, Timestamp};
use eventlog::Position;
use http::{HeaderName, StatusCode};
use projections::{AnyViews, Page, Views, ViewsAt};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

pub const AS_OF_POSITION: HeaderName = HeaderName::from_static("cartlog-as-of-position");
/// Who finds no turn to look back within that time gets `BUSY`.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a query is answered from, and by which clock it is judged what has expired.
pub struct Glance {
    pub views: AnyViews,
    pub now: Timestamp,
    /// Whoever looks back takes turns: what was is folded anew.
    _turn: Option<OwnedSemaphorePermit>,
}

impl Glance {
    /// As things are now.
    pub fn now(api: &Api) -> Self {
        Self { views: AnyViews::Now(api.parts.views.clone()), now: api.parts.clock.now(), _turn: None }
    }

    /// The store's time zone, as it was.
    pub async fn timezone(&self, store: StoreId) -> Result<Tz, Problem> {
        let store = self.views.store(store).await?;
        Ok(store.and_then(|store| store.timezone.parse().ok()).unwrap_or(Tz::UTC))
    }

    /// Where it is in the past.
    fn position(&self) -> Option<Position> {
        match &self.views {
            AnyViews::Now(_) => None,
            AnyViews::At(views) => Some(views.position()),
        }
    }
}

impl Call {
    /// What the query is to be answered from, once the views have come so far.
    pub async fn glance(&self, asked: &AsOf) -> Result<Glance, Problem> {
        let views = self.views().await?;
        if asked.as_of.is_none() && asked.as_of_position.is_none() {
            return Ok(Glance::now(&self.api));
        }
        if self.store.role == Role::Storefront {
            let detail = "a token of role 'storefront' may not look into the past";
            return Err(Problem::new(Code::Forbidden, detail));
        }
        let turn = tokio::time::timeout(PATIENCE, self.api.looking_back.clone().acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or_else(|| Problem::of(Code::Busy))?;
        let (at, moment) = match (asked.as_of_position, asked.as_of) {
            (Some(position), _) => self.at_position(position).await?,
            (None, at) => self.at_time(views, at).await?,
        };
        let journal = self.api.parts.journal.clone();
        let views = AnyViews::At(ViewsAt::new(views.clone(), journal, at));
        Ok(Glance { views, now: moment, _turn: Some(turn) })
    }

    async fn at_position(&self, position: i64) -> Result<(Position, Timestamp), Problem> {
        let position = Position(u64::try_from(position).unwrap_or_default());
        let head = self.api.parts.journal.head().await.map_err(|error| mapping::journal_error(&error.into()))?;
        if position > head {
            let detail = format!("must not be beyond the end of the log, which is at {head}");
            return Err(Problem::field(FieldError::query("as_of_position", detail)));
        }
        answer::caught_up(&self.api, position.0).await?;
        let moment = self.api.parts.index.moment(position).await.map_err(mapping::index_error)?;
        Ok((position, moment.unwrap_or(Timestamp::FIRST)))
    }

    async fn at_time(&self, views: &Views, named: Option<DateParam>) -> Result<(Position, Timestamp), Problem> {
        let now = self.api.parts.clock.now();
        let store = views.store(self.store_id()).await?;
        // As the time zone is now: it says what the client means, and not what was.
        let timezone = store.and_then(|store| store.timezone.parse().ok()).unwrap_or(Tz::UTC);
        let end = DateParam::range(None, named, timezone).until.unwrap_or(now);
        let moment = end.minus(TimeDelta::milliseconds(1));
        if moment > now {
            return Err(Problem::field(FieldError::query("as_of", "must not be in the future")));
        }
        let position = self.api.parts.index.position(moment).await.map_err(mapping::index_error)?;
        let position = position.unwrap_or(Position::START);
        answer::caught_up(&self.api, position.0).await?;
        Ok((position, moment))
    }

    /// A single resource; of the past without a version, and with where in the log it was so.
    pub fn glanced(&self, glance: &Glance, single: Single) -> Response {
        match glance.position() {
            None => self.single(single),
            Some(at) => at_position(single.unversioned().into_response(StatusCode::OK, |_| false), at),
        }
    }

    /// The same of what has no version.
    pub fn glanced_at(&self, glance: &Glance, response: Response) -> Response {
        match glance.position() {
            None => response,
            Some(at) => at_position(response, at),
        }
    }

    /// One page of a view's list.
    pub fn glanced_page<L: List, T>(
        &self,
        glance: &Glance,
        paging: &Paging,
        page: Page<T>,
        item: impl FnMut(T) -> L::Item,
    ) -> Response {
        self.glanced_at(glance, self.page::<L, T>(paging, page, item))
    }
}

fn at_position(mut response: Response, at: Position) -> Response {
    response.headers_mut().insert(AS_OF_POSITION, at.0.into());
    response
}

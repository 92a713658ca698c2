//! Pages of lists (api.md §1, Pagination): what a request asks for, and the links of an answer.

use crate::problem::Problem;
use crate::wire::cursor::{Scope, bad_cursor};
use crate::wire::list::Link;
use crate::wire::query::{self, Params, Query};
use projections::{Cursor, Page, PageRequest, Start};
use utoipa::IntoParams;

/// Items on a page unless told otherwise.
pub const DEFAULT_LIMIT: u32 = 10;
/// The most items on a page.
pub const MAX_LIMIT: u32 = 250;
/// Parameters that say which part of a list is asked for; all others are filters.
const PLACE: [&str; 3] = ["page", "cursor", "limit"];

/// Which part of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // Published; what is read is [`Paging`].
pub struct CursorParams {
    /// From 1. Costs more the deeper it is; not together with `cursor`.
    #[param(minimum = 1, maximum = 4294967295i64)]
    page: Option<u64>,
    /// From the `next` or `previous` link of another page. Costs the same at any depth.
    #[param(min_length = 1, max_length = 1000)]
    cursor: Option<String>,
    /// Items on the page. Default: 10.
    #[param(default = 10, minimum = 1, maximum = 250)]
    limit: Option<u32>,
}

/// Which part of a search.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // Published; what is read is [`PageOnly`].
pub struct PageParams {
    /// From 1, and no deeper than the 1,000th item.
    #[param(minimum = 1, maximum = 1000)]
    page: Option<u64>,
    /// Items on the page. Default: 10.
    #[param(default = 10, minimum = 1, maximum = 250)]
    limit: Option<u32>,
}

/// Which part of a history.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // Published; what is read is [`CursorOnly`].
pub struct CursorOnlyParams {
    /// From the `next` or `previous` link of another page.
    #[param(min_length = 1, max_length = 1000)]
    cursor: Option<String>,
    /// Items on the page. Default: 10.
    #[param(default = 10, minimum = 1, maximum = 250)]
    limit: Option<u32>,
}

/// What a request says about pages: `page` or `cursor`, and `limit`.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// From 1.
    pub page: Option<u64>,
    pub cursor: Option<String>,
    limit: Option<u32>,
}

impl Params for Paging {
    fn read(query: &mut Query<'_>) -> Self {
        let page = read_page(query);
        let cursor = query.text("cursor");
        if page.is_some() && cursor.is_some() {
            query.refuse("cursor", "'page' and 'cursor' can't be given together");
        }
        Self { page, cursor, limit: read_limit(query) }
    }
}

/// As [`Paging`], for lists that are not paged by cursor.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageOnly {
    page: Option<u64>,
    limit: Option<u32>,
}

impl Params for PageOnly {
    fn read(query: &mut Query<'_>) -> Self {
        Self { page: read_page(query), limit: read_limit(query) }
    }
}

impl From<PageOnly> for Paging {
    fn from(paging: PageOnly) -> Self {
        Self { page: Some(paging.page.unwrap_or(1)), cursor: None, limit: paging.limit }
    }
}

/// As [`Paging`], for lists that are paged by cursor alone.
#[derive(Clone, Debug, Default)]
pub struct CursorOnly(pub Paging);

impl Params for CursorOnly {
    fn read(query: &mut Query<'_>) -> Self {
        Self(Paging { page: None, cursor: query.text("cursor"), limit: read_limit(query) })
    }
}

fn read_page(query: &mut Query<'_>) -> Option<u64> {
    query.integer("page", 1..=i64::MAX - 1).map(i64::unsigned_abs)
}

fn read_limit(query: &mut Query<'_>) -> Option<u32> {
    query.integer("limit", 1..=i64::from(MAX_LIMIT)).and_then(|limit| u32::try_from(limit).ok())
}

/// What lies beside a page: places in its list, which cursors name.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl<T> From<&Page<T>> for Beside {
    fn from(page: &Page<T>) -> Self {
        let place = |cursor: &Cursor| cursor.to_string();
        Self { previous: page.previous.as_ref().map(place), next: page.next.as_ref().map(place) }
    }
}

impl Paging {
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// The part of the list that is asked for.
    pub fn request(&self, scope: &Scope<'_>) -> Result<PageRequest, Problem> {
        let start = match (&self.cursor, self.page) {
            (Some(cursor), _) => Start::At(open_cursor(scope, cursor)?),
            // No list is so long that its end lies beyond: a page past the end is empty.
            (None, Some(page)) => Start::Page(u32::try_from(page).unwrap_or(u32::MAX)),
            (None, None) => Start::First,
        };
        Ok(PageRequest { start, limit: self.limit() })
    }

    /// The place that the cursor names in a list that is not a view's.
    pub fn place(&self, scope: &Scope<'_>) -> Result<Option<u64>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        scope.open(cursor).and_then(|place| place.parse().ok()).map(Some).ok_or_else(bad_cursor)
    }

    /// The links of an answer: itself, the page before and the next one if there are such, by cursors unless pages are
    /// counted. `beside` are the places of the two.
    pub fn links(&self, scope: &Scope<'_>, beside: &Beside) -> Vec<Link> {
        let href = |place: Option<(&str, String)>| self.href(scope, place);
        let here = match (&self.cursor, self.page) {
            (Some(cursor), _) => Some(("cursor", cursor.clone())),
            (None, page) => page.map(|page| ("page", page.to_string())),
        };
        let mut links = vec![Link::new("self", href(here))];
        let (previous, next) = match self.page {
            Some(page) => {
                let next = beside.next.as_ref().map(|_| page.saturating_add(1));
                let number = |page: u64| ("page", page.to_string());
                (Some(page - 1).filter(|page| *page > 0).map(number), next.map(number))
            }
            None => {
                let cursor = |place: &String| ("cursor", scope.seal(place));
                (beside.previous.as_ref().map(cursor), beside.next.as_ref().map(cursor))
            }
        };
        links.extend(previous.map(|place| Link::new("previous", href(Some(place)))));
        links.extend(next.map(|place| Link::new("next", href(Some(place)))));
        links
    }

    fn href(&self, scope: &Scope<'_>, place: Option<(&str, String)>) -> String {
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        let mut href = scope.path.to_owned();
        let mut separator = '?';
        if !scope.filters.is_empty() {
            href.push(separator);
            href.push_str(scope.filters);
            separator = '&';
        }
        for (name, value) in limit.into_iter().chain(place) {
            href.push(separator);
            href.push_str(name);
            href.push('=');
            href.push_str(&value);
            separator = '&';
        }
        href
    }
}

fn open_cursor(scope: &Scope<'_>, cursor: &str) -> Result<Cursor, Problem> {
    scope.open(cursor).and_then(|place| place.parse().ok()).ok_or_else(bad_cursor)
}

/// The filters of a query in a fixed order: all of it but the place in the list.
pub fn filters(query: &str) -> String {
    let mut filters = query::pairs(query);
    filters.retain(|(name, _)| !PLACE.contains(&name.as_str()));
    filters.sort_unstable();
    let encoded = filters.iter().map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value)));
    encoded.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::StoreId;
    use uuid::Uuid;

    fn hrefs(query: &str, previous: Option<&str>, next: Option<&str>) -> Vec<String> {
        let Ok(paging) = query::read::<(AnyText, Paging)>(query).map(|(_, paging)| paging) else { return Vec::new() };
        let filters = filters(query);
        let scope = Scope { store: StoreId(Uuid::nil()), path: "/product", filters: &filters };
        let beside = Beside { previous: previous.map(str::to_owned), next: next.map(str::to_owned) };
        paging.links(&scope, &beside).into_iter().map(|link| format!("{} {}", link.rel, link.href)).collect()
    }

    struct AnyText;

    impl Params for AnyText {
        fn read(query: &mut Query<'_>) -> Self {
            query.text("tag");
            query.text("vendor");
            Self
        }
    }

    #[test]
    fn hrefs_keep_every_filter_and_the_limit() {
        assert_eq!(
            hrefs("vendor=a+b&page=2&limit=5&tag=x", None, Some("7")),
            [
                "self /product?tag=x&vendor=a%20b&limit=5&page=2",
                "previous /product?tag=x&vendor=a%20b&limit=5&page=1",
                "next /product?tag=x&vendor=a%20b&limit=5&page=3",
            ]
        );
        assert_eq!(hrefs("", None, None), ["self /product"]);
        assert_eq!(hrefs("page=1", Some("3"), None), ["self /product?page=1"]);
        let beside = hrefs("tag=x", Some("3"), Some("7"));
        assert!(beside[1].starts_with("previous /product?tag=x&cursor="), "{beside:?}");
        assert!(beside[2].starts_with("next /product?tag=x&cursor="), "{beside:?}");
    }

    #[test]
    fn bad_pages_are_refused() {
        for query in
            ["page=0", "page=-1", "page=x", "limit=0", "limit=251", "page=1&cursor=x", "page=1&page=2", "limit="]
        {
            assert!(query::read::<Paging>(query).is_err(), "{query}");
        }
    }
}

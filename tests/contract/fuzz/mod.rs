//! A stream of bad requests: whatever comes, the answer is a documented one and no 5xx, the server lives, and stock and money
//! add up at the end (invariants 2 to 5 and 7 of ARCHITECTURE.md).
//!
//! `CARTLOG_FUZZ_SEED` and `CARTLOG_FUZZ_REQUESTS` set the seed and the size. A failure prints the command that repeats it.

mod books;
mod request;
mod values;
mod wire;

use super::table::{Case, World};
use crate::support::{Operation, Server, TestShop};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use request::{Cursors, Request};

/// Requests of a run unless told otherwise.
const REQUESTS: u64 = 1_500;
/// So many requests pass before an operation's case is made anew: what it did may have been used up.
const FRESH_EVERY: usize = 10;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// The seed and the size of this run; the command that repeats it goes to the output, which is shown when the test fails.
fn begin(test: &str, requests: u64) -> (StdRng, u64) {
    let seed = setting("CARTLOG_FUZZ_SEED").unwrap_or_else(|| rand::make_rng::<StdRng>().random());
    let requests = setting("CARTLOG_FUZZ_REQUESTS").unwrap_or(requests);
    println!("CARTLOG_FUZZ_SEED={seed} CARTLOG_FUZZ_REQUESTS={requests} cargo test --test main contract::fuzz::{test}");
    (StdRng::seed_from_u64(seed), requests)
}

/// Worlds to ruin, one after the other, and how their operations are called.
struct Ground<'c> {
    server: &'c Server,
    operations: Vec<Operation<'c>>,
    world: World,
    /// Uses of each operation's case, and the case.
    cases: Vec<(usize, Option<Case>)>,
    left_behind: Vec<TestShop>,
}

impl Ground<'_> {
    /// A case of the operation, made anew now and then, in a new world where somebody has deleted the last one.
    async fn case(&mut self, at: usize) -> &Case {
        let is_used_up = self.cases[at].0.is_multiple_of(FRESH_EVERY) || self.cases[at].1.is_none();
        if is_used_up && !self.world.is_alive().await {
            let next = World::of(TestShop::on(self.server).await).await;
            self.left_behind.push(std::mem::replace(&mut self.world, next).shop);
            self.cases = self.operations.iter().map(|_| (0, None)).collect();
        }
        if is_used_up {
            self.cases[at].1 = self.world.case(&self.operations[at]).await;
        }
        self.cases[at].0 += 1;
        self.cases[at].1.as_ref().expect("the table has every operation")
    }
}

#[tokio::test]
async fn no_request_however_malformed_gets_an_undocumented_answer_or_breaks_anything() {
    let (mut rng, requests) =
        begin("no_request_however_malformed_gets_an_undocumented_answer_or_breaks_anything", REQUESTS);
    let server = Server::start();
    let world = World::of(TestShop::on(&server).await).await;
    let stranger = TestShop::on(&server).await;
    let contract = world.shop.contract();
    let operations = contract.operations();
    let cursors = Cursors::collect(&world, &stranger).await;
    let cases = operations.iter().map(|_| (0, None)).collect();
    let mut ground = Ground { server: &server, operations, world, cases, left_behind: Vec::new() };
    for _ in 0..requests {
        let at = rng.random_range(0..ground.operations.len());
        let operation = ground.operations[at];
        let mut request = Request::of(&operation, ground.case(at).await, &stranger);
        for _ in 0..*[1, 1, 1, 2, 3].choose(&mut rng).expect("not empty") {
            request.spoil(&mut rng, &operation, &cursors);
        }
        let answer = wire::exchange(server.address(), &request.bytes()).await;
        let answer = answer.unwrap_or_else(|| panic!("no answer to {request}"));
        assert!(answer.status < 500, "{request}: {:#}", answer.body);
        if answer.is_of_the_router() {
            contract.check(&request.method, &request.target(), &answer);
        }
    }
    ground.world.shop.anonymous().get("/readyz").await.expect(200);
    for shop in ground.left_behind.iter().chain([&ground.world.shop]) {
        // Of a store that was deleted, or whose token was revoked, nothing can be said.
        if shop.get("/store").await.status == 200 {
            books::check(shop).await;
        }
    }
}

#[tokio::test]
async fn bad_http_never_takes_the_server_down() {
    let (mut rng, requests) = begin("bad_http_never_takes_the_server_down", 200);
    let server = Server::start();
    let shop = TestShop::on(&server).await;
    for _ in 0..requests {
        let bytes = wire::broken(&mut rng);
        if let Some(answer) = wire::throw(server.address(), &bytes).await {
            assert!(answer.status < 500, "{}: {}", String::from_utf8_lossy(&bytes), answer.status);
        }
    }
    assert_eq!(shop.get("/readyz").await.expect(200)["result"], "ok");
    shop.product(1, 1).await;
}

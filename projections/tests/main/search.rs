//! Full-text search: stems, best first, and any text at all.

use crate::world::World;
use cartlog_projections::views::ProductSearch;
use cartlog_projections::{PageRequest, Start, Views};
use domain::product::{InventoryAdjusted, ProductDescribed, ProductTagged};
use domain::{ProductId, StoreId};

async fn search(views: &Views, store: StoreId, text: &str) -> Vec<ProductId> {
    let found = views.search_products(store, &ProductSearch::new(text), &PageRequest::first(100)).await;
    found.expect("an answer").items.iter().map(|(product, _)| product.product_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_in_any_form_and_in_any_field() {
    let mut world = World::default();
    let store = world.store().await;
    let table = world.product_with(store, "Round table", "Furniture", "Vitra", 1, &["wood"]).await;
    let shoe = world.product_with(store, "Running shoe", "Footwear", "Salomon", 1, &[]).await;
    let cafe = world.product_with(store, "Café crème", "Drink", "Illy", 1, &["O'Brien's choice"]).await;
    let views = world.open().await.views();
    for (text, expected) in [
        ("tables", vec![table]),
        ("TABLE", vec![table]),
        ("runs", vec![shoe]),
        ("run_shoes", vec![shoe]),
        ("furniture", vec![table]),
        ("salomon", vec![shoe]),
        ("wooden", vec![]),
        ("wood table", vec![table]),
        ("table shoe", vec![]),
        ("cafe", vec![cafe]),
        ("cafe\u{301}", vec![cafe]),
        ("creme", vec![cafe]),
        ("o'brien", vec![cafe]),
        ("cre\u{300}me", vec![cafe]),
        ("cafes", vec![cafe]),
        ("caf", vec![]),
    ] {
        assert_eq!(search(&views, store, text).await, expected, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_in_the_title_comes_before_one_in_the_description() {
    let mut world = World::default();
    let store = world.store().await;
    let title = world.product(store, "Lamp").await;
    let described = world.product(store, "Cable").await;
    let description = Some(Some("Fits every lamp".to_owned()));
    world.product_event(store, described, ProductDescribed { description, ..Default::default() }).await;
    for _ in 0..5 {
        world.product(store, "Something else").await;
    }
    let views = world.open().await.views();
    let found =
        views.search_products(store, &ProductSearch::new("lamps"), &PageRequest::first(10)).await.expect("an answer");
    let ids: Vec<_> = found.items.iter().map(|(product, _)| product.product_id).collect();
    assert_eq!(ids, [title, described]);
    assert!(found.items[0].1 > found.items[1].1, "the better hit has the larger score");
}

/// Sizes and the like have no stem.
#[tokio::test(flavor = "multi_thread")]
async fn words_of_one_or_two_letters_are_found_as_they_are() {
    let mut world = World::default();
    let store = world.store().await;
    let small = world.product(store, "Shirt S").await;
    let smaller = world.product(store, "Shirt XS").await;
    let unknown = world.product(store, "Shirt X").await;
    let views = world.open().await.views();
    for (text, expected) in [("s", small), ("XS", smaller), ("shirts xs", smaller), ("x", unknown)] {
        assert_eq!(search(&views, store, text).await, [expected], "{text}");
    }
}

/// What another store sells neither shows nor moves the order of what this one finds: here 'red' is the rarer word.
#[tokio::test(flavor = "multi_thread")]
async fn how_rare_a_word_is_goes_by_the_store_alone() {
    let mut world = World::default();
    let (store, other) = (world.store().await, world.store().await);
    let redder = world.product(store, "Red red chair").await;
    let chairs = world.product(store, "Red chair chair").await;
    for _ in 0..10 {
        world.product(store, "Chair").await;
    }
    for number in 0..5 {
        world.product(store, &format!("Thing {number}")).await;
    }
    let before = world.open().await.views();
    assert_eq!(search(&before, store, "red chair").await, [redder, chairs]);
    for _ in 0..60 {
        world.product(other, "Red lamp").await;
    }
    let after = world.open().await.views();
    assert_eq!(search(&after, store, "red chair").await, [redder, chairs]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_finds_anything_of_another_store() {
    let mut world = World::default();
    let (store, other) = (world.store().await, world.store().await);
    let (hyphens, simple) = (other.to_string(), other.0.as_simple().to_string());
    let own = world.product(store, &format!("Lamp {hyphens} {simple}")).await;
    let others = world.product(other, &format!("Lamp {store} {}", store.0.as_simple())).await;
    let views = world.open().await.views();
    let texts = ["lamp".to_owned(), hyphens, simple, store.to_string(), store.0.as_simple().to_string()];
    for text in texts {
        let found = (search(&views, store, &text).await, search(&views, other, &text).await);
        assert!(!found.0.contains(&others) && !found.1.contains(&own), "{text}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_is_an_error_or_finds_what_it_does_not_name() {
    let mut world = World::default();
    let store = world.store().await;
    let product = world.product(store, "NEAR AND title OR NOT table").await;
    let views = world.open().await.views();
    let long = "a ".repeat(5_000);
    for text in [
        "",
        " ",
        "_",
        "\"",
        "\"\"",
        "'",
        "*",
        "tab*",
        "^table",
        "-table",
        "(",
        ")",
        "title:",
        "title : x",
        "{title}",
        "NOT",
        "AND OR",
        "NEAR(a b",
        "a AND",
        "\0",
        "\u{1F600}",
        "日本",
        "%",
        "ⓐ",
        "scope",
        "\\",
        ";--",
        "?1",
        &long,
        "\u{301}",
    ] {
        let found = search(&views, store, text).await;
        let may_be_found = matches!(text, "NOT" | "AND OR" | "-table" | "^table" | "title:" | "{title}");
        assert_eq!(found, if may_be_found { vec![product] } else { vec![] }, "{text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_of_a_store_is_no_word_that_can_be_searched_for() {
    let mut world = World::default();
    let store = world.store().await;
    world.product(store, "Lamp").await;
    let views = world.open().await.views();
    assert_eq!(search(&views, store, &store.0.as_simple().to_string()).await, []);
    assert_eq!(search(&views, store, &store.to_string()).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_inventory_is_left_out_on_demand_and_what_is_deleted_always() {
    let mut world = World::default();
    let store = world.store().await;
    let sold_out = world.product_with(store, "Lamp one", "lamp", "Vitra", 0, &[]).await;
    let gone = world.product(store, "Lamp two").await;
    let there = world.product(store, "Lamp three").await;
    world.delete_product(store, gone).await;
    let (projections, views) = world.views().await;
    let available = |page: PageRequest| {
        let views = views.clone();
        async move {
            let search = ProductSearch { available_only: true, ..ProductSearch::new("lamp") };
            let found = views.search_products(store, &search, &page).await.expect("an answer");
            found.items.iter().map(|(product, _)| product.product_id).collect::<Vec<_>>()
        }
    };
    assert_eq!(available(PageRequest::first(10)).await, [there]);
    assert_eq!(search(&views, store, "lamp").await.len(), 2);
    world.product_event(store, sold_out, InventoryAdjusted { change: 1, inventory: 1 }).await;
    world.caught_up(&views).await;
    assert_eq!(available(PageRequest::first(10)).await.len(), 2);
    assert_eq!(available(PageRequest { start: Start::Page(2), limit: 1 }).await.len(), 1);
    assert_eq!(available(PageRequest { start: Start::Page(3), limit: 1 }).await.len(), 0);
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_found_and_what_it_replaced_is_not() {
    let mut world = World::default();
    let store = world.store().await;
    let product = world.product(store, "Lamp").await;
    let (projections, views) = world.views().await;
    let title = Some("Chandelier".to_owned());
    world.product_event(store, product, ProductDescribed { title, ..Default::default() }).await;
    world.product_event(store, product, ProductTagged { tag: "crystal".to_owned() }).await;
    world.caught_up(&views).await;
    assert_eq!(search(&views, store, "lamp").await, []);
    assert_eq!(search(&views, store, "chandeliers crystal").await, [product]);
    projections.stop().await;
}

/// What people write, in title and query: words within what is written without spaces, other forms of the same letters, letters
/// that others leave out or write otherwise, articles.
#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_is_found() {
    let cases: &[(&str, &str, bool)] = &[
        // Chinese, Japanese and Thai write no spaces.
        ("不锈钢保温杯", "保温杯", true),
        ("不锈钢保温杯", "不锈钢", true),
        ("不锈钢保温杯", "玻璃杯", false),
        ("红色的T恤", "红色T恤", true),
        ("无线蓝牙耳机", "蓝牙 耳机", true),
        ("北京大学", "大学", true),
        ("東京都庁の日本語の本", "日本語", true),
        ("東京都庁の日本語の本", "日本", true),
        ("東京都庁の日本語の本", "本の日本語", true),
        ("東京都庁の日本語の本", "都庁", true),
        ("東京都庁の日本語の本", "京都", false),
        ("木製テーブル", "テーブル", true),
        ("ワイヤレスイヤホン", "イヤホン", true),
        ("ワイヤレスイヤホン", "ワイヤレス", true),
        ("ショートパンツ", "パン", false),
        ("日本酒グラス", "グラス日本酒", true),
        ("เสื้อยืดคอกลมสีแดงสำหรับผู้ชาย", "เสื้อยืด", true),
        ("เสื้อยืดคอกลมสีแดงสำหรับผู้ชาย", "สีแดง", true),
        ("เสื้อยืดคอกลมสีแดงสำหรับผู้ชาย", "กางเกง", false),
        ("น้ำหอม", "น\u{e49}\u{e4d}\u{e32}หอม", true),
        // Other letters glued to them.
        ("iPhone用ケース", "iphone", true),
        ("iPhone用ケース", "ケース", true),
        ("iPhone15用ケース", "iPhone15", true),
        ("กระเป๋าเป้iPhone", "iphone", true),
        ("กระเป๋าเป้iPhone", "กระเป๋า", true),
        ("갤럭시S24케이스", "s24", true),
        ("갤럭시S24케이스", "갤럭시", true),
        ("대한민국역사책", "민국", true),
        ("대한민국역사책", "역사책", true),
        ("대한민국은", "대한민국", true),
        ("대한민국역사책", "한책", false),
        ("男士短袖T恤衫", "T恤", true),
        // Full and half width, composed and not.
        ("Ｔａｂｌｅ １２", "table 12", true),
        ("Table 12", "ｔａｂｌｅ１２", false),
        ("Table12", "ｔａｂｌｅ１２", true),
        ("ｶﾞﾗｽ", "ガラス", true),
        ("ガラス", "カ\u{3099}ラス", true),
        ("がっこう", "か\u{3099}っこう", true),
        ("か\u{3099}ラス", "からす", false),
        ("케이스", "\u{110f}\u{1166}\u{110b}\u{1175}\u{1109}\u{1173}", true),
        ("ﬁne oﬃce", "office", true),
        ("㎏", "kg", true),
        ("kg", "㎏", true),
        // Case, in full.
        ("Straße", "STRASSE", true),
        ("STRAẞE", "straße", true),
        ("Strasse", "straße", true),
        ("ΟΔΟΣ", "οδός", true),
        ("ǅungla", "dzungla", true),
        // Letters that are no accents, and those that have some.
        ("Łódź", "lodz", true),
        ("Smørrebrød", "smorrebrod", true),
        ("Smorrebrod", "smørrebrød", true),
        ("Œuvre", "oeuvre", true),
        ("Æble", "aeble", true),
        ("Ёлка", "елка", true),
        ("ёлка", "ЁЛКА", true),
        ("IŞIK", "ışık", true),
        ("ışık", "isik", true),
        ("İstanbul", "istanbul", true),
        ("Τραπέζι", "τραπεζι", true),
        ("Τραπεζι", "ΤΡΑΠΈΖΙ", true),
        ("Crème brûlée", "creme brulee", true),
        ("Đặng", "dang", true),
        // Vowel marks; but those that are letters stay.
        ("שָׁלוֹם", "שלום", true),
        ("שלום", "שָׁלוֹם", true),
        ("كِتَابٌ", "كتاب", true),
        ("كتـــاب", "كتاب", true),
        ("हिंदी किताब", "किताब", true),
        ("किताब", "कताब", false),
        // What nobody sees.
        ("می\u{200c}خواهم", "میخواهم", true),
        ("soft\u{ad}ware", "software", true),
        // Articles and the like.
        ("Bed", "the bed", true),
        ("Bedroom lamp", "a lamp for the bedroom", true),
        ("Lampe", "die Lampe", true),
        ("Maison bleue", "la maison", true),
        ("The", "the", true),
        ("Bed", "the", false),
        ("Bed", "the sofa", false),
        ("T-shirt", "t-shirts", true),
        ("shirt t", "t-shirt", false),
    ];
    let mut world = World::default();
    let mut stores = Vec::new();
    for (title, _, _) in cases {
        let store = world.store().await;
        let product = world.product(store, title).await;
        stores.push((store, product));
    }
    let views = world.open().await.views();
    let mut wrong = Vec::new();
    for ((title, query, is_found), (store, product)) in cases.iter().zip(stores) {
        let expected = if *is_found { vec![product] } else { vec![] };
        if search(&views, store, query).await != expected {
            wrong.push(format!("{query:?} in {title:?}: not {is_found}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_all_that_was_typed_comes_first() {
    let mut world = World::default();
    let store = world.store().await;
    let all = world.product(store, "Lost: a long title of many words, with the bed").await;
    let bed = world.product(store, "Bed bed bed").await;
    let views = world.open().await.views();
    assert_eq!(search(&views, store, "the bed").await, [all, bed]);
    let search = ProductSearch::new("The  bed");
    let found = views.search_products(store, &search, &PageRequest::first(10)).await.expect("an answer").items;
    let missed: Vec<_> = found.iter().map(|(product, _)| search.missed_words(product)).collect();
    assert_eq!(missed, [vec![], vec!["The".to_owned()]]);
    assert!(found[0].1 > found[1].1, "the better hit has the larger score");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_word_may_be_the_beginning_of_one_on_demand() {
    let mut world = World::default();
    let store = world.store().await;
    let running = world.product(store, "Running shoe").await;
    let tables = world.product(store, "Round tables").await;
    let cup = world.product(store, "東京都庁").await;
    let lodz = world.product(store, "Łódź T-shirt").await;
    let views = world.open().await.views();
    for (text, expected) in [
        ("ru", vec![running]),
        ("runnin", vec![running]),
        ("run", vec![running]),
        ("running", vec![running]),
        ("running sh", vec![running]),
        ("shoe runni", vec![running]),
        ("sh runni", vec![]),
        ("running ta", vec![]),
        ("round table", vec![tables]),
        ("round tables", vec![tables]),
        ("round_t", vec![tables]),
        ("東", vec![cup]),
        ("東京都", vec![cup]),
        ("lod", vec![lodz]),
        ("t-shi", vec![lodz]),
        ("t-shirts", vec![lodz]),
        // A single letter is the beginning of too many words.
        ("r", vec![]),
        ("shoe x", vec![running]),
        ("", vec![]),
        ("*", vec![]),
        ("ru\"", vec![running]),
        ("ru*", vec![running]),
    ] {
        let search = ProductSearch { is_beginning: true, ..ProductSearch::new(text) };
        let found = views.search_products(store, &search, &PageRequest::first(10)).await.expect("an answer").items;
        let ids: Vec<_> = found.iter().map(|(product, _)| product.product_id).collect();
        assert_eq!(ids, expected, "{text}");
    }
    assert_eq!(search(&views, store, "runnin").await, []);
}

//! Customers confirm their email address (api.md §4).

use crate::support::{Answer, Server, TestShop, new_customer, new_email};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

#[tokio::test]
async fn a_link_confirms_once() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let sent = shop.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await.expect(200);
    assert_eq!(sent.text("/customer/customer_id"), customer);
    let link = format!("/customer/confirm/{}", sent.text("/result"));
    // A link needs no credentials.
    let confirmed = shop.anonymous().put(&link, Value::Null).await.expect(200);
    assert_eq!(confirmed.text("/customer/customer_id"), customer);
    assert!(confirmed["customer"]["confirmed_at"].is_string());
    shop.put(&link, Value::Null).await.problem(404, "CONFIRMATION_NOT_FOUND");
    for unknown in ["nonsense", "clc_nonsense", "%00", "%ff"] {
        shop.put(&format!("/customer/confirm/{unknown}"), Value::Null).await.problem(404, "CONFIRMATION_NOT_FOUND");
    }
}

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Where the page's one form posts to.
fn action(page: &Answer) -> String {
    let page = page.body.as_str().expect("a page");
    let form = page.split("<form method=\"post\" action=\"").nth(1).and_then(|rest| rest.split('"').next());
    form.expect("a form").to_owned()
}

fn says(page: &Answer, words: &str) {
    assert!(page.must_have("content-type").starts_with("text/html"), "{page:?}");
    assert!(page.body.as_str().is_some_and(|page| page.contains(words)), "{words}: {page:?}");
}

#[tokio::test]
async fn no_look_at_a_link_confirms_and_the_pages_button_does() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    shop.put("/store", json!({ "name": "Tea & <script>alert(1)</script>" })).await.expect(200);
    let browser = shop.anonymous().with("Accept", BROWSER);
    let path = format!("/customer/confirm/{}", shop.confirmation(&customer).await);
    let link = format!("{}/?utm_source=mail", path.replace("/customer/", "/customers/"));
    for method in ["HEAD", "OPTIONS", "GET", "GET"] {
        let status = if method == "OPTIONS" { 405 } else { 200 };
        browser.send(method, &link, Value::Null).await.expect(status);
    }
    let json = shop.anonymous().with("Accept", "application/json");
    let open = json.get(&path).await.expect(200);
    assert_eq!((open.text("/result"), &open["confirmation"]["is_used"]), ("ok".to_owned(), &json!(false)));
    assert_eq!(open.text("/confirmation/store_name"), "Tea & <script>alert(1)</script>");
    assert!(open["confirmation"]["expires_at"].is_string());
    json.get(&format!("{path}?utm_source=mail")).await.problem(400, "VALIDATION_FAILED");
    assert!(shop.get(&format!("/customer/{customer}")).await["customer"]["confirmed_at"].is_null());

    let page = browser.get(&link).await.expect(200);
    says(&page, "<strong>Tea &amp; &lt;script&gt;alert(1)&lt;/script&gt;</strong>");
    assert!(page.body.as_str().is_some_and(|page| !page.contains("<script")));
    let policy = page.must_have("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    assert_eq!(page.must_have("referrer-policy"), "no-referrer");
    assert_eq!(action(&page), path);

    let pressed = browser.with("Content-Type", "application/x-www-form-urlencoded");
    let done = pressed.send("POST", &format!("{}?utm_source=mail", action(&page)), Value::Null).await.expect(200);
    says(&done, "Thank you");
    assert!(done.position() > 0);
    assert!(shop.get(&format!("/customer/{customer}")).await["customer"]["confirmed_at"].is_string());

    // Used, it says so kindly; what is no page is told what it always was.
    says(&pressed.send("POST", &path, Value::Null).await.expect(200), "Confirmed already");
    says(&browser.get(&path).await.expect(200), "Confirmed already");
    assert_eq!(json.get(&path).await.expect(200)["confirmation"]["is_used"], true);
    json.send("POST", &path, Value::Null).await.problem(404, "CONFIRMATION_NOT_FOUND");
    json.put(&path, Value::Null).await.problem(404, "CONFIRMATION_NOT_FOUND");

    let unknown = "/customer/confirm/clc_nonsense";
    says(&browser.get(unknown).await.expect(404), "not valid any more");
    says(&pressed.send("POST", unknown, Value::Null).await.expect(404), "not valid any more");
    json.get(unknown).await.problem(404, "CONFIRMATION_NOT_FOUND");
}

#[tokio::test]
async fn who_presses_without_a_browser_gets_json_and_who_looks_without_asking_for_anything_a_page() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let link = format!("/customer/confirm/{}", shop.confirmation(&customer).await);
    for (accept, kind) in [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("application/json;q=0.1, text/html;q=0.2", "text/html"),
        ("text/html;q=0.1, application/json", "application/json"),
    ] {
        let client = if accept.is_empty() { shop.anonymous() } else { shop.anonymous().with("Accept", accept) };
        assert!(client.get(&link).await.expect(200).must_have("content-type").starts_with(kind), "{accept}");
    }
    let client = shop.anonymous();
    let confirmed = client.keyed("press").send("POST", &link, Value::Null).await.expect(200);
    assert_eq!(confirmed.text("/customer/customer_id"), customer);
    let again = client.keyed("press").send("POST", &link, Value::Null).await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_link_mailed_to_the_old_address_does_not_confirm_a_new_one() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let link = format!("/customer/confirm/{}", shop.confirmation(&customer).await);
    shop.put(&format!("/customer/{customer}"), json!({ "email": new_email() })).await.expect(200);
    shop.put(&link, Value::Null).await.problem(404, "CONFIRMATION_NOT_FOUND");
    let browser = shop.anonymous().with("Accept", BROWSER);
    says(&browser.get(&link).await.expect(404), "your email address has changed");
    assert!(shop.get(&format!("/customer/{customer}")).await["customer"]["confirmed_at"].is_null());
    shop.confirm(&customer).await;
}

#[tokio::test]
async fn an_address_gets_five_mails_an_hour() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    for _ in 0..5 {
        shop.confirmation(&customer).await;
    }
    let path = format!("/customer/{customer}/send_confirmation");
    let refused = shop.put(&path, Value::Null).await.problem(429, "RATE_LIMITED");
    let wait: u64 = refused.must_have("retry-after").parse().expect("seconds");
    assert!((1..=3_600).contains(&wait), "{wait}");
    // Another address has mails of its own.
    shop.put(&format!("/customer/{customer}"), json!({ "email": new_email() })).await.expect(200);
    shop.confirmation(&customer).await;
}

#[tokio::test]
async fn an_address_that_no_mail_can_go_to_is_refused_wherever_one_is_given() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let (label, local) = (format!("a@{}.example", "a".repeat(64)), format!("{}@x.example", "a".repeat(65)));
    for none in [
        "a..b@x.example",
        ".a@x.example",
        "a,b@x.example",
        "<a>@x.example",
        "a@-x.example",
        "a@x-.example",
        "a@x_y.example",
        &label,
        &local,
    ] {
        for answer in [
            shop.post("/customer", new_customer(json!({ "email": none }))).await,
            shop.put(&format!("/customer/{customer}"), json!({ "email": none })).await,
            shop.post(&format!("/customer/{customer}/email"), json!({ "email": none })).await,
        ] {
            let problem = answer.problem(400, "VALIDATION_FAILED");
            assert_eq!(
                problem["errors"],
                json!([{ "pointer": "#/email", "detail": "must be an email address" }]),
                "{none}"
            );
        }
    }
    for fine in ["o'hara@x.example", "jörg@müller.example", "a+b@xn--mller-kva.example"] {
        shop.post(&format!("/customer/{customer}/email"), json!({ "email": fine })).await.expect(201);
    }
}

#[tokio::test]
async fn each_call_mails_a_link_of_its_own_whatever_its_key_and_each_works() {
    let shop = TestShop::start().await;
    let email = new_email();
    let customer = shop.unconfirmed_with(json!({ "email": email })).await;
    let (first, second) =
        (shop.keyed("same").confirmation(&customer).await, shop.keyed("same").confirmation(&customer).await);
    assert_ne!(first, second);
    for token in [&first, &second] {
        shop.put(&format!("/customer/confirm/{token}"), Value::Null).await.expect(200);
    }
    let mails = std::fs::read_dir(Server::shared().data().join("mail")).expect("a folder of mails");
    let mails: Vec<_> = mails.filter_map(|mail| std::fs::read_to_string(mail.ok()?.path()).ok()).collect();
    let unfolded = |mail: &str| mail.replace("=\r\n", "");
    for token in [first, second] {
        let mail = mails.iter().map(|mail| unfolded(mail)).find(|mail| mail.contains(&token)).expect("its mail");
        // Without it, what is encoded is shown as it stands.
        assert!(mail.contains("MIME-Version: 1.0\r\n") && mail.contains("Message-ID: <"), "{mail}");
        assert!(mail.contains(&email) && mail.contains(&format!("/customer/confirm/{token}")), "{mail}");
    }
}

/// A mail server that takes one mail, and gives it once it has it.
fn mail_server() -> (String, std::thread::JoinHandle<String>) {
    mail_server_that(&["250 fine"])
}

/// The same, which takes so many calls and says these words of the recipients, one after another; it has a mail to give once one is taken.
fn mail_server_that(of_recipients: &'static [&'static str]) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("its address"));
    let taken =
        std::thread::spawn(move || of_recipients.iter().fold(Default::default(), |_, words| take(&listener, words)));
    (url, taken)
}

fn take(listener: &TcpListener, of_recipient: &str) -> String {
    let (stream, _) = listener.accept().expect("a client");
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines().map_while(Result::ok);
    // Who was refused has hung up.
    let say = |line: &str| drop((&stream).write_all(format!("{line}\r\n").as_bytes()));
    say("220 mail.example.com");
    for line in lines.by_ref() {
        match line.split(' ').next().unwrap_or_default() {
            "EHLO" => say("250-mail.example.com\r\n250 8BITMIME"),
            "RCPT" => say(of_recipient),
            "DATA" => {
                say("354 go on");
                let mail = lines.by_ref().take_while(|line| line != ".").collect::<Vec<_>>().join("\n");
                say("250 taken");
                return mail;
            }
            _ => say("250 fine"),
        }
    }
    String::new()
}

#[tokio::test]
async fn where_a_mail_server_is_configured_the_token_goes_by_mail_alone() {
    let (url, taken) = mail_server();
    let server = Server::start_with(&["--smtp-url", &url, "--public-url", "https://tea.example.com"]);
    let shop = TestShop::on(&server).await;
    let email = new_email();
    let customer = shop.unconfirmed_with(json!({ "email": email })).await;
    let sent = shop.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await.expect(200);
    assert_eq!(sent["result"], "ok");
    let mail = taken.join().expect("it took a mail").replace("=\n", "");
    assert!(mail.contains(&format!("To: {email}")), "{mail}");
    let link = mail.split("https://tea.example.com").nth(1).and_then(|rest| rest.split_whitespace().next());
    shop.put(link.expect("a link"), Value::Null).await.expect(200);
    // Nobody listens there any more.
    shop.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await.problem(503, "UNAVAILABLE");
}

#[tokio::test]
async fn what_a_mail_server_refuses_for_good_is_not_away() {
    let (url, taken) = mail_server_that(&["450 4.2.1 busy", "550 5.1.1 no such user at mx7.internal", "250 fine"]);
    let server = Server::start_with(&["--smtp-url", &url]);
    let shop = TestShop::on(&server).await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let path = format!("/customer/{customer}/send_confirmation");
    shop.put(&path, Value::Null).await.problem(503, "UNAVAILABLE");
    let refused = shop.put(&path, Value::Null).await.problem(422, "MAIL_REFUSED");
    assert!(refused.text("/detail").contains("550") && !refused.text("/detail").contains("internal"), "{refused:?}");
    shop.put(&path, Value::Null).await.expect(200);
    assert!(taken.join().expect("it took a mail").contains("press the button"));
}

#[tokio::test]
async fn a_mail_server_that_says_nothing_is_waited_for_as_long_as_is_set() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("its address"));
    let server = Server::start_with(&["--smtp-url", &url, "--smtp-timeout-ms", "200"]);
    let shop = TestShop::on(&server).await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let path = format!("/customer/{customer}/send_confirmation");
    // More often than there may be mails: none of these was one.
    for _ in 0..6 {
        shop.put(&path, Value::Null).await.problem(503, "UNAVAILABLE");
    }
}

//! Customers confirm their email address (api.md §4).

use crate::support::{Server, TestShop, new_email};
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

#[tokio::test]
async fn a_person_who_follows_the_link_gets_a_page_and_a_client_that_asks_for_json_gets_that() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let browser = shop.anonymous().with("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    let link = format!("/customers/confirm/{}/", shop.confirmation(&customer).await);
    // Whoever only looks at the link, as mail scanners do, does not use it up.
    browser.send("HEAD", &link, Value::Null).await.expect(200);
    let page = browser.get(&format!("{link}?utm_source=mail")).await.expect(200);
    assert!(page.must_have("content-type").starts_with("text/html") && page.body.as_str().is_some());
    assert!(page.position() > 0);
    let used = browser.get(&link).await.expect(404);
    assert!(used.must_have("content-type").starts_with("text/html"));
    assert!(shop.get(&format!("/customer/{customer}")).await["customer"]["confirmed_at"].is_string());

    // Whoever asks for nothing gets the page, too.
    for (accept, kind) in [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("application/json;q=0.1, text/html;q=0.2", "text/html"),
        ("text/html;q=0.1, application/json", "application/json"),
    ] {
        let link = format!("/customer/confirm/{}", shop.confirmation(&customer).await);
        let client = if accept.is_empty() { shop.anonymous() } else { shop.anonymous().with("Accept", accept) };
        assert!(client.get(&link).await.expect(200).must_have("content-type").starts_with(kind), "{accept}");
    }
    let json = shop.anonymous().with("Accept", "application/json");
    let link = format!("/customer/confirm/{}", shop.confirmation(&customer).await);
    assert_eq!(json.get(&link).await.expect(200).text("/customer/customer_id"), customer);
    json.get(&link).await.problem(404, "CONFIRMATION_NOT_FOUND");
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
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("its address"));
    let taken = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines().map_while(Result::ok);
        let say = |line: &str| (&stream).write_all(format!("{line}\r\n").as_bytes()).expect("the client listens");
        say("220 mail.example.com");
        for line in lines.by_ref() {
            match line.split(' ').next().unwrap_or_default() {
                "EHLO" => say("250-mail.example.com\r\n250 8BITMIME"),
                "DATA" => break,
                _ => say("250 fine"),
            }
        }
        say("354 go on");
        let mail = lines.by_ref().take_while(|line| line != ".").collect::<Vec<_>>().join("\n");
        say("250 taken");
        mail
    });
    (url, taken)
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

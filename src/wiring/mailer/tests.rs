//! What becomes of a mail, by what the mail server says, and when it says nothing.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::smtp::Smtp;
use super::*;
use commands::Outgoing;
use peer::Peer;
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::time::Instant;

const TEN_SECONDS: Duration = Duration::from_secs(10);
/// Long enough for a few words on one machine; where nothing is said, as long as the test takes.
const SHORT: Duration = Duration::from_secs(2);

/// What a mail server says.
#[derive(Clone)]
struct Says {
    offers: &'static str,
    sender: &'static str,
    recipient: &'static str,
    data: &'static str,
    /// `None`: nothing, ever.
    mail: Option<&'static str>,
    /// Hangs up instead of saying what becomes of the mail.
    leaves: bool,
}

const SANE: Says = Says {
    offers: "250 8BITMIME",
    sender: "250 ok",
    recipient: "250 ok",
    data: "354 go on",
    mail: Some("250 taken"),
    leaves: false,
};

/// A mail server, and all that it was told.
async fn server(says: Says) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}/client.example", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reads, mut writes) = stream.into_split();
            let mut lines = BufReader::new(reads).lines();
            let mut reply = Some("220 mail.example");
            let mut in_mail = false;
            loop {
                if let Some(reply) = reply {
                    writes.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
                }
                let Ok(Some(line)) = lines.next_line().await else { break };
                hears.lock().unwrap().push(line.clone());
                reply = match line.split(' ').next().unwrap_or_default() {
                    "." if says.leaves => break,
                    "." => {
                        in_mail = false;
                        says.mail
                    }
                    _ if in_mail => None,
                    "EHLO" => Some(says.offers),
                    "MAIL" => Some(says.sender),
                    "RCPT" => Some(says.recipient),
                    "DATA" => {
                        in_mail = says.data.starts_with('3');
                        Some(says.data)
                    }
                    _ => Some("250 fine"),
                };
            }
        }
    });
    (url, heard)
}

fn by(url: &str, within: Duration) -> Smtp {
    let from = sender("Tea <shop@example.com>").unwrap();
    Smtp::new(Arc::new(Letters { from, public_url: "https://tea.example/".to_owned() }), url, within).unwrap()
}

async fn sent(smtp: &Smtp, to: &str) -> Result<(), MailError> {
    let outgoing: Box<dyn Outgoing> = smtp.to(&MailAddress::parse(to).unwrap()).await?;
    outgoing.send(ConfirmationMail::new("Ann", "Tea & more", "clc_token".to_owned())).await
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_speak_is_waited_for_once_and_for_ten_seconds_in_all() {
    for (manner, peer) in Peer::each(b"220-mail.example says hello\r\n").await {
        let smtp = by(&format!("smtp://{}", peer.address()), TEN_SECONDS);
        let begun = Instant::now();
        let outcome = sent(&smtp, "ada@example.com").await;
        assert!(matches!(outcome, Err(MailError::Away(_))), "{manner}: {outcome:?}");
        assert!(begun.elapsed() <= TEN_SECONDS + Duration::from_millis(10), "{manner}");
        assert_eq!(peer.met(), 1, "{manner}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_or_leaves_once_it_has_the_mail_may_have_taken_it() {
    for says in [Says { mail: None, ..SANE }, Says { leaves: true, ..SANE }, Says { mail: Some("250-and"), ..SANE }] {
        let (url, heard) = server(says).await;
        let outcome = sent(&by(&url, SHORT), "ada@example.com").await;
        assert!(matches!(outcome, Err(MailError::Unknown(_))), "{outcome:?}");
        assert!(heard.lock().unwrap().contains(&".".to_owned()));
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_recipient_for_good_is_told_from_all_else() {
    let refused = [
        (Says { recipient: "550 5.1.1 no such user at mx7.internal", ..SANE }, 550),
        (Says { recipient: "553 that is no mailbox", ..SANE }, 553),
        (Says { data: "554 5.1.1 no valid recipient", ..SANE }, 554),
        (Says { mail: Some("552 5.2.2 the mailbox is full for good"), ..SANE }, 552),
    ];
    for (says, code) in refused {
        let (url, _) = server(says).await;
        let outcome = sent(&by(&url, TEN_SECONDS), "ada@example.com").await;
        assert!(matches!(outcome, Err(MailError::Refused { code: Some(said), .. }) if said == code), "{outcome:?}");
    }
    let away = [
        Says { offers: "550 go away", ..SANE },
        Says { sender: "550 5.7.1 not from you", ..SANE },
        Says { recipient: "450 4.2.1 busy", ..SANE },
        Says { data: "451 try again", ..SANE },
        Says { mail: Some("554 5.7.1 spam"), ..SANE },
        Says { mail: Some("550 5.1.8 the sender is unknown"), ..SANE },
        Says { mail: Some("452 4.2.2 full"), ..SANE },
    ];
    for says in away {
        let (url, _) = server(says).await;
        let outcome = sent(&by(&url, TEN_SECONDS), "ada@example.com").await;
        assert!(matches!(outcome, Err(MailError::Away(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_asked_for() {
    let (url, heard) = server(SANE).await;
    let smtp = by(&url, TEN_SECONDS);
    let outgoing = smtp.to(&MailAddress::parse("ada@example.com").unwrap()).await.ok().unwrap();
    assert!(heard.lock().unwrap().contains(&"RCPT TO:<ada@example.com>".to_owned()));
    drop(outgoing);
    sent(&smtp, "bob@example.com").await.unwrap();
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.iter().filter(|line| *line == "DATA").count(), 1, "{heard:?}");
}

#[tokio::test]
async fn domains_go_out_in_punycode_and_other_letters_only_to_who_takes_them() {
    let (url, heard) = server(SANE).await;
    sent(&by(&url, TEN_SECONDS), "ada@müller.example").await.unwrap();
    assert!(heard.lock().unwrap().contains(&"RCPT TO:<ada@xn--mller-kva.example>".to_owned()));
    let outcome = sent(&by(&url, TEN_SECONDS), "jörg@müller.example").await;
    assert!(matches!(outcome, Err(MailError::Refused { code: None, .. })), "{outcome:?}");

    let (url, heard) = server(Says { offers: "250-8BITMIME\r\n250 SMTPUTF8", ..SANE }).await;
    sent(&by(&url, TEN_SECONDS), "jörg@müller.example").await.unwrap();
    let heard = heard.lock().unwrap().clone();
    assert!(heard.contains(&"MAIL FROM:<shop@example.com> SMTPUTF8 BODY=8BITMIME".to_owned()), "{heard:?}");
    assert!(heard.contains(&"RCPT TO:<jörg@xn--mller-kva.example>".to_owned()), "{heard:?}");
}

#[test]
fn a_server_is_named_by_its_url_and_none_of_it_is_shown() {
    let from = || sender("shop@example.com").unwrap();
    let open = |url: &str| {
        let letters = Arc::new(Letters { from: from(), public_url: String::new() });
        Smtp::new(letters, url, TEN_SECONDS)
    };
    for good in [
        "smtp://mail.example",
        "smtps://me:p%40ss@mail.example:465",
        "smtp://[::1]:2525/me?tls=required",
        "smtp://h?tls=opportunistic",
    ] {
        assert!(open(good).is_ok(), "{good}");
    }
    for bad in ["hunter2", "http://me:hunter2@mail.example", "smtp://h?tls=hunter2", "smtp:///hunter2"] {
        let error = open(bad).err().map(|error| format!("{error:#}")).unwrap();
        assert!(error.contains("smtp_url") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_sender_may_be_this_machine_and_goes_out_in_punycode() {
    for (given, email) in
        [("cartlog@localhost", "cartlog@localhost"), ("Tee <shop@müller.example>", "shop@xn--mller-kva.example")]
    {
        assert_eq!(sender(given).unwrap().email.to_string(), email);
    }
    assert!(sender("nobody").is_err());
}

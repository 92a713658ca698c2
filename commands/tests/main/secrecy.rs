//! No secret, password, token, key, email or name stands in the log in the clear.

use crate::support::{APP, PASSWORD, SECRET, Shop, done, new_address, new_customer, new_store};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use commands::NewToken;
use commands::guard::Client;
use commands::{AddressChange, CustomerChange, NewCustomer, NewStore};
use domain::customer::Customer;
use journal::Keys;

const KEY: &str = "an idempotency key";

/// Does everything that anything confidential goes into; gives all of that.
async fn live_a_life(shop: &Shop) -> Vec<String> {
    let (node, request) = (&shop.node, shop.keyed("/customer", KEY, "{\"password\":\"correct horse\"}"));
    let other = NewStore { app_secret: "second app secret".to_owned(), ..new_store("second app") };
    let key = crate::support::key("/store", KEY, "{\"app_secret\":\"second app secret\"}");
    done(node.create_store(Client::UNKNOWN, other, None, Some(key)).await);
    let token = done(node.issue_token(Client::UNKNOWN, NewToken::admin(APP, SECRET), None).await).token;
    node.authenticate(APP, &token, || Ok(())).await.unwrap();
    done(node.change_store_secret(&shop.request(), "third app secret".to_owned()).await);
    let addresses = vec![new_address("12 Analytical Lane", true)];
    let new = NewCustomer { addresses, ..new_customer("Ada.Private@Example.com") };
    let customer = done(node.create_customer(&request, new).await);
    let change = CustomerChange {
        email: Some("countess@example.com".to_owned()),
        first_name: Some("Augusta".to_owned()),
        password: Some("staple battery".to_owned()),
        ..CustomerChange::default()
    };
    done(node.change_customer(&shop.request(), customer, change).await);
    done(node.add_email(&shop.request(), customer, "third.private@example.com", false).await);
    done(node.remove_email(&shop.request(), customer, "third.private@example.com").await);
    let address = done(node.add_address(&shop.request(), customer, new_address("13 Difference Road", false)).await);
    let change = AddressChange { street: Some("14 Engine Mews".to_owned()), ..AddressChange::default() };
    done(node.change_address(&shop.request(), customer, address, change).await);
    done(node.log_in(&shop.request(), Client::UNKNOWN, "countess@example.com", "staple battery").await);
    done(node.log_out(&shop.request(), "countess@example.com").await);
    let link = done(node.send_confirmation(&shop.request(), customer).await).unwrap();
    done(node.confirm(&link, None, None, None).await);
    let sealing_key = shop.vault.key_or_new(customer).await.unwrap().unwrap();
    done(node.delete_customer(&shop.request(), customer).await);
    let clear = [
        SECRET,
        PASSWORD,
        KEY,
        "second app secret",
        "third app secret",
        "staple battery",
        "Ada.Private",
        "ada.private",
        "countess",
        "third.private",
        "Augusta",
        "Lovelace",
        "Analytical Lane",
        "Difference Road",
        "Engine Mews",
        "London",
        "$argon2",
    ];
    let keys = [hex::encode(sealing_key.0), STANDARD.encode(sealing_key.0), URL_SAFE_NO_PAD.encode(sealing_key.0)];
    clear.into_iter().map(str::to_owned).chain(keys).chain([token, link]).collect()
}

#[tokio::test]
async fn nothing_confidential_stands_in_any_stored_byte() {
    let shop = Shop::new().await;
    let confidential = live_a_life(&shop).await;
    for event in shop.stored().await {
        let name = event.stream.as_str().as_bytes().to_vec();
        for bytes in [&name[..], &event.data, &event.metadata] {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            for word in &confidential {
                // Hashes of tokens and secrets would do nobody good either.
                let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(word.as_bytes()));
                for form in [word.to_lowercase(), STANDARD.encode(word).to_lowercase(), hex::encode(word), sha256] {
                    assert!(
                        !text.contains(&form),
                        "{form} ({word}) stands in {} of {}",
                        event.event_type,
                        event.stream
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn what_a_reader_with_the_keys_sees_is_all_there() {
    let shop = Shop::new().await;
    let new =
        NewCustomer { addresses: vec![new_address("12 Analytical Lane", true)], ..new_customer("ada@example.com") };
    let customer = done(shop.node.create_customer(&shop.request(), new).await);
    let state = shop.state::<Customer>(&customer).await;
    let live = state.live().unwrap();
    assert_eq!(live.last_name.as_deref(), Some("Lovelace"));
    assert_eq!(live.addresses[0].address.street.as_deref(), Some("12 Analytical Lane"));
}

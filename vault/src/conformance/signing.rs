//! What every vault promises of the keys that sign a log's heads, and of the last head.

use super::Subject;
use crate::copy::{Counts, VaultCopyError, copy};
use crate::{Entry, IncarnationId, MemoryVault, SignedHead, SigningKey, Vault};
use domain::Timestamp;
use eventlog::LogId;
use futures::future::join_all;
use uuid::Uuid;

pub async fn a_signing_key_is_kept_as_it_was_first_put(subject: &dyn Subject) {
    let vault = subject.open().await;
    assert!(vault.signing_key(of(1)).await.unwrap().is_none());
    assert_eq!(vault.put_signing_key(of(1), SigningKey([1; 32])).await.unwrap().0, [1; 32]);
    assert_eq!(vault.put_signing_key(of(1), SigningKey([2; 32])).await.unwrap().0, [1; 32]);
    assert_eq!(
        vault.put_signing_key(of(2), SigningKey([3; 32])).await.unwrap().0,
        [3; 32],
        "an incarnation of its own"
    );
    let other_log = IncarnationId::new(LogId(Uuid::from_u128(8)), 1);
    assert!(vault.signing_key(other_log).await.unwrap().is_none());
    drop(vault);
    let vault = subject.open().await;
    assert_eq!(vault.signing_key(of(1)).await.unwrap().map(|key| key.0), Some([1; 32]));
}

pub async fn of_many_who_put_a_signing_key_at_once_all_get_the_same(subject: &dyn Subject) {
    let vault = subject.open().await;
    let putting = (0..8).map(|number| vault.put_signing_key(of(1), SigningKey([number; 32])));
    let kept: Vec<[u8; 32]> = join_all(putting).await.into_iter().map(|key| key.unwrap().0).collect();
    assert!(kept.iter().all(|key| *key == kept[0]), "{kept:?}");
    assert_eq!(vault.signing_key(of(1)).await.unwrap().map(|key| key.0), Some(kept[0]));
}

pub async fn a_head_is_signed_after_the_one_it_was_built_on(subject: &dyn Subject) {
    let vault = subject.open().await;
    let (first, second, other) = (head(0, 0), head(7, 1), head(7, 2));
    assert_eq!(vault.signed_head(of(1)).await.unwrap(), None);
    assert!(!vault.sign_head(of(1), Some(&first), &second).await.unwrap(), "there is none yet");
    assert!(vault.sign_head(of(1), None, &first).await.unwrap());
    assert!(vault.sign_head(of(1), None, &first).await.unwrap(), "it is the last one");
    assert!(!vault.sign_head(of(1), None, &second).await.unwrap(), "there is one");
    assert!(vault.sign_head(of(1), Some(&first), &second).await.unwrap());
    for expected in
        [None, Some(&first), Some(&other), Some(&SignedHead { origin: "other".to_owned(), ..second.clone() })]
    {
        assert!(!vault.sign_head(of(1), expected, &other).await.unwrap(), "{expected:?}");
    }
    assert_eq!(vault.signed_head(of(2)).await.unwrap(), None, "each incarnation has its own");
    drop(vault);
    let vault = subject.open().await;
    assert_eq!(vault.signed_head(of(1)).await.unwrap(), Some(second));
}

pub async fn of_many_who_sign_at_once_one_does(subject: &dyn Subject) {
    let vault = subject.open().await;
    let mut last: Option<SignedHead> = None;
    for size in 1..=5 {
        let heads: Vec<_> = (0..8).map(|root| head(size, root)).collect();
        let signed = join_all(heads.iter().map(|head| vault.sign_head(of(1), last.as_ref(), head))).await;
        let signed: Vec<_> = heads.iter().zip(signed).filter(|(_, signed)| *signed.as_ref().unwrap()).collect();
        assert_eq!(signed.len(), 1, "{signed:?}");
        last = Some(signed[0].0.clone());
        assert_eq!(vault.signed_head(of(1)).await.unwrap(), last);
    }
}

/// Whatever another vault says of it.
pub async fn a_head_is_never_taken_back_by_a_copy(subject: &dyn Subject) {
    let vault = subject.open().await;
    for (put, kept) in [(5, 5), (3, 5), (9, 9), (5, 9)] {
        vault.put_entries(vec![Entry::SignedHead { of: of(1), head: head(put, 1) }]).await.unwrap();
        assert_eq!(vault.signed_head(of(1)).await.unwrap(), Some(head(kept, 1)), "after {put}");
    }
    vault.put_entries(vec![Entry::SignedHead { of: of(1), head: head(9, 2) }]).await.unwrap();
    assert_eq!(vault.signed_head(of(1)).await.unwrap(), Some(head(9, 1)));
}

pub async fn what_signs_is_copied_out_and_in(subject: &dyn Subject) {
    let (vault, other, now) = (subject.open().await, MemoryVault::default(), Timestamp::from_millis(0));
    vault.put_signing_key(of(1), SigningKey([1; 32])).await.unwrap();
    vault.put_signing_key(of(258), SigningKey([2; 32])).await.unwrap();
    vault.sign_head(of(1), None, &head(5, 1)).await.unwrap();
    let counts = Counts { signing_keys: 2, signed_heads: 1, ..Counts::default() };
    for _ in 0..2 {
        assert_eq!(copy(&*vault, &other, now).await.unwrap(), counts);
    }
    assert_eq!(other.signing_key(of(258)).await.unwrap().map(|key| key.0), Some([2; 32]));
    // And in: what was signed since, and by whom nobody had a key for.
    other.sign_head(of(1), Some(&head(5, 1)), &head(6, 1)).await.unwrap();
    let refused = copy(&*vault, &other, now).await.unwrap_err();
    assert!(refused.to_string().contains("last head that was signed of log"), "{refused}");
    other.put_signing_key(of(3), SigningKey([3; 32])).await.unwrap();
    other.sign_head(of(3), None, &head(0, 0)).await.unwrap();
    let refused = copy(&*vault, &other, now).await.unwrap_err();
    assert!(matches!(refused, VaultCopyError::Differs(_)), "{refused}");
    let counts = Counts { signing_keys: 3, signed_heads: 2, ..counts };
    for _ in 0..2 {
        assert_eq!(copy(&other, &*vault, now).await.unwrap(), counts);
    }
    assert_eq!(vault.signed_head(of(1)).await.unwrap(), Some(head(6, 1)));
    assert_eq!(vault.signing_key(of(3)).await.unwrap().map(|key| key.0), Some([3; 32]));
    // One key never takes the place of another.
    let third = MemoryVault::default();
    third.put_signing_key(of(1), SigningKey([9; 32])).await.unwrap();
    let refused = copy(&*vault, &third, now).await.unwrap_err();
    assert!(refused.to_string().contains("key that signs log 00000000-0000-0000-0000-000000000007/1"), "{refused}");
}

fn of(number: u32) -> IncarnationId {
    IncarnationId::new(LogId(Uuid::from_u128(7)), number)
}

fn head(size: u64, root: u8) -> SignedHead {
    SignedHead { origin: format!("example.com/log/{}", of(1)), size, root: [root; 32] }
}

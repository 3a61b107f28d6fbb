//! Clocks that are wrong, and codes that have run out.

use strongroom_crypto::totp::Step;
use strongroom_testkit::{Home, Vault};

/// Steps in a day.
const DAY: u64 = 86_400 / 30;

#[test]
fn with_a_wrong_clock_a_right_code_opens_nothing_and_costs_nothing() {
    let home = Home::new();
    let vault = Vault::create(&home);
    let step = vault.next_step();
    let code = vault.code(step);
    for wrong in [Step(step.0 + 120), Step(step.0 + 30 * DAY)] {
        let refused = vault.unlock_at(wrong, &code, &[]);
        assert_eq!(refused.failure(3), "wrong_factors");
    }
    // The same code at the right time: nothing was used up.
    let _ = vault.unlock_at(step, &code, &[]).exited(0);
}

#[test]
fn a_code_from_before_the_vault_opens_nothing() {
    let home = Home::new();
    let vault = Vault::create(&home);
    let before = Step(vault.next_step().0 - DAY);
    let refused = vault.unlock_at(before, &vault.code(before), &[]);
    assert_eq!(refused.failure(3), "wrong_factors");
}

#[test]
fn a_lapsed_horizon_says_so_and_the_recovery_code_opens_the_vault() {
    let home = Home::new();
    let vault = Vault::create(&home);
    let _ = vault.unlock(&[]).exited(0);
    let _ = home
        .run_with("kept", &["key", "add", "kept", "--secret-stdin"])
        .exited(0);
    let _ = home.run(&["lock"]).exited(0);

    // The shortest horizon is a year and the default two: in eleven, no code works.
    let late = Step(vault.next_step().0 + 11 * 365 * DAY);
    let refused = vault.unlock_at(late, &vault.code(late), &[]);
    assert!(refused.stdout.contains("recover"), "{}", refused.stdout);
    assert_eq!(refused.failure(3), "horizon_lapsed");

    let recovery = home.file("recovery", &vault.recovery_code);
    let passphrase = home.file("passphrase", "another passphrase, as long");
    let recover = |key_file: &str| {
        let device = format!("file:{}", home.beside(key_file).display());
        home.run(&[
            "vault",
            "recover",
            "--json",
            "--recovery-file",
            &recovery,
            "--passphrase-file",
            &passphrase,
            "--device-secret",
            &device,
            "--kdf-memory",
            "64",
        ])
    };
    let recovered = recover("second.key").document();
    let again = Vault::enrolled(&home, &recovered, passphrase.clone());
    assert_eq!(again.id, vault.id);
    assert_ne!(again.recovery_code, vault.recovery_code);
    let _ = again.unlock(&["--allow-read"]).exited(0);
    let read = home.run(&["read", "-n", "sr://kept/secret"]).exited(0);
    assert_eq!(read.stdout, "kept");
    // The recovery code was used: it opens nothing any more.
    let _ = home.run(&["lock"]).exited(0);
    assert_eq!(recover("third.key").failure(3), "wrong_factors");
}

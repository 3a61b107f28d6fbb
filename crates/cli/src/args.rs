//! The command line's grammar, from the top down; each noun's own part lies in its file.

use clap::{Parser, Subcommand};

use crate::{
    agent, burst, demo, explain, history, jwt, key, platform, read, requests, scheme, send, serve,
    shell, sign, unlock, vault, with_platform,
};

const ABOUT: &str =
    "An offline key vault for API secrets, and a local platform to test them against";

const AFTER_HELP: &str = "\
A vault opens with a passphrase and a code, both needed. `strongroom demo` shows the whole of it in
a throw-away home.

Exit codes: 0 done, 1 failed, 2 usage, 3 locked or wrong passphrase or code, 4 not found,
5 refused by a rule, 6 the vault is damaged or rolled back.

STRONGROOM_HOME names the directory of the vault, STRONGROOM_LOG what is logged to stderr
(such as `debug`).";

/// What was asked for.
#[derive(Parser)]
#[command(
    name = "strongroom",
    version,
    about = ABOUT,
    after_help = AFTER_HELP,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// Print one JSON document (JSON Lines for what streams), failures too
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// See the main job done in a throw-away home: nothing of yours is touched
    Demo(demo::Args),
    /// Create, recover and check the vault
    #[command(subcommand)]
    Vault(vault::Command),
    /// Open the vault with the passphrase and a code
    Unlock(unlock::UnlockArgs),
    /// Close the vault: every key leaves memory
    Lock,
    /// Show whether there is a vault and whether it is open
    Status,
    /// Keep API keys in the vault
    #[command(subcommand)]
    Key(key::Command),
    /// Print one field of an item, such as sr://payments/secret
    Read(read::Args),
    /// Sign a request with a key of the vault, send it, show the answer
    Send(send::Args),
    /// Sign a request and show every step, without sending it
    Sign(sign::Args),
    /// How requests can be signed
    #[command(subcommand)]
    Scheme(scheme::Command),
    /// Send one request many times over, to see where a limit is
    Burst(burst::Args),
    /// Saved requests: list, run and check, import and export
    #[command(subcommand)]
    Requests(requests::Command),
    /// Look at what was sent with the vault open
    #[command(subcommand)]
    History(history::Command),
    /// Read a JSON Web Token, and check it with a key of the vault
    #[command(subcommand)]
    Jwt(jwt::Command),
    /// Say why the local platform answered a request as it did
    Explain(explain::Args),
    /// Run the local platform in the foreground
    Serve(serve::Args),
    /// Run a command, such as a test suite, against a fresh platform that is gone with it
    WithPlatform(with_platform::Args),
    /// Manage the local platform's keys, its audit log and its clock
    Platform(platform::Args),
    /// Print a completion script for a shell
    #[command(hide = true)]
    Completions(shell::CompletionsArgs),
    /// Write the manual pages into a directory
    #[command(hide = true)]
    Man(shell::ManArgs),
    /// Run the vault's owner; other commands start it when they need it
    #[command(hide = true)]
    Agent(agent::Args),
}

//! A page as a person meets it: by what is written on it and what a screen reader calls it.

use std::{
    fmt,
    path::PathBuf,
    time::{Duration, Instant},
};

use fantoccini::{
    Client,
    actions::{
        InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
    },
    elements::Element,
    key::Key,
    wd::WindowHandle,
};
use serde_json::{Value, json};

use crate::CODE;

/// How long the page may take for anything: deriving a key on a busy machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at the page.
const PAUSE: Duration = Duration::from_millis(40);

/// Finding things by what they are called. `names` mirrors how a screen reader names them.
const FINDER: &str = include_str!("finder.js");

/// Shows a theme; answers when two frames in a row have been drawn with nothing on its way. What goes on
/// for longer, as a chart that is followed, is taken as it is.
const STAND_STILL: &str = "const [theme, done] = arguments;
    document.documentElement.dataset.theme = theme;
    const moving = ({ playState, effect }) =>
        playState === 'running' && effect.getComputedTiming().iterations !== Infinity;
    const patience = performance.now() + 5000;
    let still = 0;
    const look = () => {
        const ready = document.fonts.status === 'loaded' && !document.getAnimations().some(moving);
        still = ready ? still + 1 : 0;
        if (still > 2 || performance.now() > patience) done(true); else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

/// Has the page drawn anew, the same to the eye, until its picture was taken: the driver waits for a
/// drawing, and a page at rest is not drawn where no graphics hardware does it.
const KEEP_DRAWING: &str = "const { style, dataset } = document.documentElement;
    let turn = 0;
    dataset.drawn = setInterval(() => (style.opacity = ++turn % 2 ? '0.9999' : ''), 20);";
/// Ends that.
const DRAW_AT_NEED: &str = "const { style, dataset } = document.documentElement;
    clearInterval(dataset.drawn);
    delete dataset.drawn;
    style.opacity = '';";

/// The windows of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The small one that takes the factors.
    Door,
    /// The one with everything else.
    Main,
}

impl Which {
    fn shows(self, path: &str) -> bool {
        (self == Self::Door) == path.ends_with("/unlock.html")
    }
}

/// What has the focus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Focus {
    /// What a screen reader calls it.
    pub name: String,
    /// Whether an eye can tell that it has the focus.
    pub visible: bool,
}

/// The window that is driven now.
pub struct Page {
    client: Client,
    log: PathBuf,
}

impl Page {
    pub(super) fn new(client: Client, log: PathBuf) -> Self {
        Self { client, log }
    }

    /// Waits until there is such a window, and drives it from now on; its handle.
    pub async fn go(&self, which: Which) -> WindowHandle {
        self.go_to(which, None).await
    }

    /// The same for a window that is not `old`: it was closed, and opened anew.
    pub async fn go_anew(&self, which: Which, old: &WindowHandle) -> WindowHandle {
        self.go_to(which, Some(old)).await
    }

    async fn go_to(&self, which: Which, not: Option<&WindowHandle>) -> WindowHandle {
        self.until(format_args!("the window {which:?}"), async || {
            for handle in self.client.windows().await.ok()? {
                if Some(&handle) == not {
                    continue;
                }
                self.client.switch_to_window(handle.clone()).await.ok()?;
                let url = self.client.current_url().await.ok()?;
                let drawn = self.run(
                    "return document.querySelector('#app')?.childElementCount ?? 0",
                    vec![],
                );
                if which.shows(url.path()) && drawn.await? != 0 {
                    return Some(handle);
                }
            }
            None
        })
        .await
    }

    /// How many windows are open.
    pub async fn windows(&self) -> usize {
        self.client.windows().await.map_or(0, |all| all.len())
    }

    /// Runs a script in the page; `None` if the page was not in a state to answer.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Option<Value> {
        self.client.execute(script, arguments).await.ok()
    }

    /// Runs a script that calls its last argument with the answer.
    pub async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        match self.client.execute_async(script, arguments).await {
            Ok(answer) => answer,
            Err(error) => self.fail(format_args!("a script failed: {error}")).await,
        }
    }

    /// Waits until `probe` has something.
    pub async fn until<T>(
        &self,
        what: impl fmt::Display,
        mut probe: impl AsyncFnMut() -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            if Instant::now() > deadline {
                self.fail(format_args!("waited in vain for {what}")).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until these words can be seen.
    pub async fn see(&self, words: &str) {
        self.until(format_args!("the words {words:?}"), async || {
            self.shows(words).await.then_some(())
        })
        .await;
    }

    /// Waits until the page says that something is wrong; its words.
    pub async fn alert(&self) -> String {
        let script = "return [...document.querySelectorAll('[role=alert]')].map((one) => one.innerText).join(' ')";
        self.until("an alert", async || {
            let words = self.run(script, vec![]).await?.as_str()?.to_owned();
            (!words.is_empty()).then_some(words)
        })
        .await
    }

    /// Waits until these words can't be seen any more.
    pub async fn miss(&self, words: &str) {
        self.until(format_args!("{words:?} to go"), async || {
            (!self.shows(words).await).then_some(())
        })
        .await;
    }

    /// Whether these words can be seen now.
    pub async fn shows(&self, words: &str) -> bool {
        self.ask("text", "")
            .await
            .as_ref()
            .and_then(Value::as_str)
            .is_some_and(|text| text.contains(words))
    }

    /// Waits for something of this name that can be pressed, and presses it.
    pub async fn click(&self, name: &str) {
        self.until(format_args!("{name:?} to be pressed"), async || {
            let clicked = self.element("pressable", name).await?.click().await;
            // A button that closes its window answers in no window.
            (clicked.is_ok() || self.client.current_url().await.is_err()).then_some(())
        })
        .await;
    }

    /// Gives something of this name the focus.
    pub async fn focus_on(&self, name: &str) {
        self.until(format_args!("{name:?} to have the focus"), async || {
            let element = json!(self.element("pressable", name).await?);
            self.run("arguments[0].focus()", vec![element]).await
        })
        .await;
    }

    /// Presses something of this name with the pointer, and holds it.
    pub async fn hold(&self, name: &str) {
        self.until(format_args!("{name:?} to be held"), async || {
            let element = self.element("pressable", name).await?;
            let pointer = MouseActions::new("pointer".to_owned())
                .then(PointerAction::MoveToElement {
                    element,
                    duration: None,
                    x: 0.0,
                    y: 0.0,
                })
                .then(PointerAction::Down {
                    button: MOUSE_BUTTON_LEFT,
                });
            self.client.perform_actions(pointer).await.ok()
        })
        .await;
    }

    /// Lets go of what is held.
    pub async fn let_go(&self) {
        let pointer = MouseActions::new("pointer".to_owned()).then(PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        });
        if let Err(error) = self.client.perform_actions(pointer).await {
            self.fail(format_args!("the pointer does not let go: {error}"))
                .await;
        }
    }

    /// Whether something of this name can be pressed now.
    pub async fn can_press(&self, name: &str) -> bool {
        self.element("pressable", name).await.is_some()
    }

    /// Replaces what stands in a field by `text`.
    pub async fn fill(&self, label: &str, text: &str) {
        let select_all = format!(
            "{}a{}{}",
            char::from(Key::Control),
            char::from(Key::Null),
            char::from(Key::Delete)
        );
        self.until(format_args!("the field {label:?}"), async || {
            let field = self.element("field", label).await?;
            field.send_keys(&select_all).await.ok()?;
            // The driver refuses to type nothing.
            if !text.is_empty() {
                field.send_keys(text).await.ok()?;
            }
            // A complete code is taken out of its field at once. Anything else has to stand there:
            // on a busy machine the driver now and then drops a key.
            let stands =
                label == CODE || field.prop("value").await.ok()?.unwrap_or_default() == text;
            stands.then_some(())
        })
        .await;
    }

    /// Puts `text` into a field at once, as from the clipboard.
    pub async fn paste(&self, label: &str, text: &str) {
        let script = "const [field, text] = arguments;
            field.value = text;
            field.dispatchEvent(new Event('input', { bubbles: true }));";
        self.until(format_args!("the field {label:?}"), async || {
            let field = self.ask("field", label).await?;
            self.run(script, vec![field, json!(text)]).await?;
            Some(())
        })
        .await;
    }

    /// What stands in a field.
    pub async fn value(&self, label: &str) -> String {
        self.until(format_args!("the field {label:?}"), async || {
            self.element("field", label)
                .await?
                .prop("value")
                .await
                .ok()?
        })
        .await
    }

    /// Chooses in a list of options by what is written on one.
    pub async fn choose(&self, label: &str, option: &str) {
        self.until(format_args!("{option:?} in {label:?}"), async || {
            self.element("field", label)
                .await?
                .select_by_label(option)
                .await
                .ok()
        })
        .await;
    }

    /// Waits until this option is the chosen one of a list. [`Page::see`] does not find it: WebKit's text
    /// of a page has none of its lists.
    pub async fn see_chosen(&self, label: &str, option: &str) {
        let script = "return arguments[0].selectedOptions[0]?.label === arguments[1]";
        self.until(format_args!("{option:?} chosen in {label:?}"), async || {
            let field = self.ask("field", label).await?;
            (self.run(script, vec![field, json!(option)]).await? == true).then_some(())
        })
        .await;
    }

    /// The text of the first element that a selector finds, shown or not, as one line.
    pub async fn text_of(&self, selector: &str) -> String {
        let script = "const all = document.querySelector(arguments[0]);
            return all && [...(all.children.length ? all.children : [all])].map((part) => part.textContent.trim()).join('-')";
        self.until(format_args!("{selector}"), async || {
            self.run(script, vec![json!(selector)])
                .await?
                .as_str()
                .map(str::to_owned)
        })
        .await
    }

    /// Presses and releases a key, or a character, at what has the focus.
    pub async fn press(&self, key: impl Into<char>) {
        let value = key.into();
        self.act(
            KeyActions::new("keys".to_owned())
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value }),
        )
        .await;
    }

    /// Presses a character while a key is held.
    pub async fn chord(&self, held: Key, value: char) {
        let held = char::from(held);
        let keys = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
            .then(KeyAction::Up { value: held });
        self.act(keys).await;
    }

    /// Types text at what has the focus.
    pub async fn type_text(&self, text: &str) {
        let keys = text
            .chars()
            .fold(KeyActions::new("keys".to_owned()), |keys, value| {
                keys.then(KeyAction::Down { value })
                    .then(KeyAction::Up { value })
            });
        self.act(keys).await;
    }

    async fn act(&self, keys: KeyActions) {
        // A key that closes its window is let go of in no window.
        let pressed = self.client.perform_actions(keys).await;
        if let (Err(error), Ok(_)) = (pressed, self.client.current_url().await) {
            self.fail(format_args!("keys could not be pressed: {error}"))
                .await;
        }
    }

    /// What has the focus.
    pub async fn focus(&self) -> Option<Focus> {
        let focus = self.ask("focus", "").await?;
        Some(Focus {
            name: focus["name"].as_str()?.to_owned(),
            visible: focus["visible"].as_bool()?,
        })
    }

    /// Moves the focus with the Tab key until it is at `name`; every stop on the way has to be visible.
    pub async fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        while passed.len() < 120 {
            if let Some(focus) = self.focus().await {
                if focus.name == name {
                    return;
                }
                assert!(
                    focus.visible || passed.is_empty(),
                    "the focus can't be seen at {focus:?}"
                );
                passed.push(focus.name);
            } else {
                passed.push(String::new());
            }
            self.press(Key::Tab).await;
        }
        self.fail(format_args!(
            "the Tab key does not lead to {name:?}, but to {passed:?}"
        ))
        .await;
    }

    /// Makes the window this wide and high, in CSS pixels of the page.
    pub async fn resize(&self, width: u32, height: u32) {
        self.until(format_args!("a page {width} wide"), async || {
            self.client.set_window_size(width, height).await.ok()?;
            let size = self.run("return [innerWidth, innerHeight]", vec![]).await?;
            (size == json!([width, height])).then_some(())
        })
        .await;
    }

    /// Shows the theme, `dark` or `light`, and waits until nothing moves any more.
    pub async fn show_theme(&self, theme: &str) {
        let _ = self.run_async(STAND_STILL, vec![json!(theme)]).await;
    }

    /// A picture of the page, as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let _ = self.run(KEEP_DRAWING, vec![]).await;
        let taken = self.client.screenshot().await;
        let _ = self.run(DRAW_AT_NEED, vec![]).await;
        match taken {
            Ok(png) => png,
            Err(error) => self.fail(format_args!("no picture: {error}")).await,
        }
    }

    /// Everything that a script in the page could find: its markup, what stands in its fields, what
    /// it has stored, and the names of its globals.
    pub async fn everything(&self) -> String {
        self.until("the page's contents", async || {
            self.ask("everything", "")
                .await?
                .as_str()
                .map(str::to_owned)
        })
        .await
    }

    async fn element(&self, kind: &str, name: &str) -> Option<Element> {
        let found = self.ask(kind, name).await?;
        let id = found.as_object()?.values().next()?.as_str()?.to_owned();
        Some(Element::from_element_id(self.client.clone(), id.into()))
    }

    async fn ask(&self, kind: &str, name: &str) -> Option<Value> {
        self.run(FINDER, vec![json!(kind), json!(name)])
            .await
            .filter(|found| !found.is_null())
    }

    /// Fails with what can be pressed and read in headings, and the app's log; never with the page's
    /// text, which may hold a secret.
    async fn fail(&self, why: impl fmt::Display) -> ! {
        let outline = self.ask("outline", "").await.unwrap_or_default();
        let url = self
            .client
            .current_url()
            .await
            .map_or_else(|error| error.to_string(), |url| url.to_string());
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(40).collect();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
        panic!("{why}\n--- page {url}\n{outline:#}\n--- log\n{tail}")
    }
}

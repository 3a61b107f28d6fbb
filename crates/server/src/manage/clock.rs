//! Advancing the virtual clock.

use std::time::Duration;

use http::StatusCode;
use strongroom_contract::{
    error::{ErrorCode, Failure},
    manage::AdvanceClock,
};

use super::{Call, Done, NotDone};
use crate::platform::CLOCK_ADVANCED_MS;

pub(super) async fn advance(call: Call<'_>) -> Result<Done, NotDone> {
    let AdvanceClock { by_ms } = call.body()?;
    let platform = call.platform;
    if !platform.clock.is_virtual() {
        let failure = Failure::new(
            ErrorCode::Conflict,
            "the platform's clock is the real one, which can't be advanced",
        )
        .hint("start the platform with --virtual-clock");
        return Err(NotDone::new(StatusCode::CONFLICT, failure));
    }
    let by = Duration::from_millis(by_ms);
    if !platform.clock.can_advance(by) {
        return Err(NotDone::usage(
            "the clock would leave the years that a time can be written in",
        ));
    }
    // Kept, so that a key that has expired stays so after a restart.
    let recorder = call.recorder(StatusCode::OK, None, None);
    platform
        .store
        .add_to_setting(CLOCK_ADVANCED_MS, by_ms, recorder)
        .await?;
    platform.clock.advance(by);
    platform.waiting.wake();
    platform
        .store
        .turn_day(&platform.personal, platform.clock.now())
        .await?;
    Ok(Done::changed(StatusCode::OK, None, &platform.clock.view()))
}

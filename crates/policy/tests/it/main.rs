//! The rules as a whole: the pipeline over real requests, the limiter against a naive model, the
//! audit log against whoever edits it.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod audit_rows;
#[cfg(test)]
mod audit_vector;
#[cfg(test)]
mod limiter;
#[cfg(test)]
mod look;
#[cfg(test)]
mod meter;
#[cfg(test)]
mod pipeline;
mod pipeline_keys;
#[cfg(test)]
mod pipeline_order;
#[cfg(test)]
mod remedy;
#[cfg(test)]
mod world;

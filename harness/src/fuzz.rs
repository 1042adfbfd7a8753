//! Generated requests and upstream failures through a gateway, one after the other, until something is wrong with an answer;
//! what is wrong is asked again by itself, made as simple as can be, and said once.

pub mod asked;
pub mod engine;
pub mod finding;
pub mod ground;
pub mod isolate;
pub mod regression;
pub mod request;
pub mod shrink;
pub mod suspicion;
pub mod upstream;
pub mod worker;

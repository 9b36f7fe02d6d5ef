//! `simulate capacity`: exact capacities of queueing theory, operational bounds by hand, and what a shell
//! sees of it.

#[path = "support/command.rs"]
mod command;
#[path = "support/compile.rs"]
mod compile;

#[path = "capacity/answers.rs"]
mod answers;
#[path = "capacity/eased.rs"]
mod eased;
#[path = "capacity/growth.rs"]
mod growth;
#[path = "capacity/held.rs"]
mod held;
#[path = "capacity/known.rs"]
mod known;
#[path = "capacity/losses.rs"]
mod losses;
#[path = "capacity/operational.rs"]
mod operational;
#[path = "capacity/rare.rs"]
mod rare;
#[path = "capacity/refused.rs"]
mod refused;
#[path = "capacity/relieved.rs"]
mod relieved;
#[path = "capacity/shares.rs"]
mod shares;
#[path = "capacity/site.rs"]
mod site;
#[path = "capacity/told.rs"]
mod told;
#[path = "capacity/users.rs"]
mod users;

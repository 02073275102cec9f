//! The contract, following included, held by the local router over a Redis Cluster.

use testing::Variables;
use testing::cluster::Cluster;
use testing::router::Router;

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_on_a_cluster() {
    let cluster = Cluster::start();
    testing::contract_in_turn!(async |variables| start(&cluster, variables));
}

fn start(cluster: &Cluster, variables: Variables) -> (String, Router) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_local"));
    command.env("REDIS_CLUSTER", "true").envs(variables.iter().copied());
    let router = Router::launch(command, Some(&cluster.url()));
    (router.url.clone(), router)
}

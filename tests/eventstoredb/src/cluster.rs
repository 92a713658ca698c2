//! Several nodes with one log: a test says who leads, and each tells it to whoever asks.

use crate::server::{Double, DoubleOptions};
use crate::wire::MemberInfo;
use std::io;

/// The nodes of a cluster. What one of them took, all have at once.
pub struct Cluster {
    nodes: Vec<Double>,
}

impl Cluster {
    /// So many nodes, the first of which leads.
    ///
    /// # Errors
    /// The loopback has no ports.
    pub async fn start(nodes: usize) -> io::Result<Self> {
        let first = Double::start_with(DoubleOptions::default()).await?;
        let mut cluster = Self { nodes: vec![first] };
        while cluster.nodes.len() < nodes {
            cluster.add().await?;
        }
        cluster.lead(0);
        Ok(cluster)
    }

    /// One more node; nobody tells of it until it is said who leads. Gives its number.
    ///
    /// # Errors
    /// The loopback has no ports.
    pub async fn add(&mut self) -> io::Result<usize> {
        let node = self.nodes[0].start_beside(DoubleOptions::default()).await?;
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    pub fn node(&self, number: usize) -> &Double {
        &self.nodes[number]
    }

    /// From now on that node leads, and all tell so of all.
    pub fn lead(&self, leader: usize) {
        let all: Vec<usize> = (0..self.nodes.len()).collect();
        self.lead_of(leader, &all);
    }

    /// From now on that node leads, and the members tell so of themselves; the others go on telling what they told.
    pub fn lead_of(&self, leader: usize, members: &[usize]) {
        let told: Vec<MemberInfo> = members
            .iter()
            .map(|&number| {
                let address = self.nodes[number].address();
                let of = if number == leader { MemberInfo::leader } else { MemberInfo::follower };
                of(&address.ip().to_string(), address.port())
            })
            .collect();
        for &number in members {
            self.nodes[number].set_members(told.clone());
            self.nodes[number].set_leader(self.nodes[leader].address());
        }
    }
}

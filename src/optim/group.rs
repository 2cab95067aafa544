//! `Group`: settings of its own for some of the parameters.

use super::setting::{must, not_negative};
use crate::float::Float;
use crate::params::{Params, is_below};
use std::fmt;
use std::sync::Arc;

/// Some of the parameters, chosen by name, and what is different for them.
///
/// A parameter may be in several groups: each adds what it sets, and where two set the same the
/// later one holds. Learning rates are said relative to the optimizer's own, so that a schedule
/// moves all of them.
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params = Params::new();
/// let ids = ["body.weight", "body.bias", "head.bias"].map(|name| params.add(name, 1.0));
/// let mut sgd = Sgd::new(0.5)
///     .weight_decay(0.1)
///     .group(Group::matching(|name| name.ends_with(".bias")).weight_decay(0.0))
///     .group(Group::scope("head").learning_rate_scale(0.5));
///
/// let tape = Tape::eval(&params);
/// let [a, b, c] = ids.map(|id| tape.param(id));
/// let grads = (a + b + c).backward();
/// sgd.step(&mut params, &grads);
/// assert_eq!(ids.map(|id| params[id].item()), [1.0 - 0.5 * 1.1, 1.0 - 0.5, 1.0 - 0.25]);
/// ```
#[derive(Clone)]
#[doc(alias = "param_groups")]
pub struct Group {
    members: Members,
    own: Own,
}

#[derive(Clone)]
enum Members {
    Scope(String),
    Matching(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

/// What one parameter's settings are, where they are not the optimizer's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Own {
    pub rate_scale: Option<f64>,
    pub weight_decay: Option<f64>,
}

impl Group {
    /// The parameter of this name, or every parameter below this scope (`"head"`).
    ///
    /// The first step panics if there is none.
    pub fn scope(name: impl Into<String>) -> Self {
        Self { members: Members::Scope(name.into()), own: Own::default() }
    }

    /// Every parameter whose name the predicate holds for. There may be none.
    pub fn matching(predicate: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { members: Members::Matching(Arc::new(predicate)), own: Own::default() }
    }

    /// Their learning rate is `scale` times the optimizer's.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    #[doc(alias = "lr")]
    pub fn learning_rate_scale(mut self, scale: f64) -> Self {
        self.own.rate_scale = Some(must(not_negative("learning rate scale", scale)));
        self
    }

    /// Their weight decay, instead of the optimizer's.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.own.weight_decay = Some(must(not_negative("weight decay", weight_decay)));
        self
    }

    fn has(&self, name: &str) -> bool {
        match &self.members {
            Members::Scope(scope) => is_below(name, scope),
            Members::Matching(predicate) => predicate(name),
        }
    }
}

/// Every parameter's own settings, by place in the store.
///
/// # Panics
/// If a scope holds no parameter: it is misspelt.
#[track_caller]
pub(super) fn settings<T: Float>(groups: &[Group], params: &Params<T>) -> Vec<Own> {
    let mut settings = vec![Own::default(); params.len()];
    for group in groups {
        let mut found = false;
        for (own, (name, _)) in settings.iter_mut().zip(params.iter()) {
            if group.has(name) {
                found = true;
                own.rate_scale = group.own.rate_scale.or(own.rate_scale);
                own.weight_decay = group.own.weight_decay.or(own.weight_decay);
            }
        }
        if let (false, Members::Scope(scope)) = (found, &group.members) {
            let names = params.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
            panic!("a group is of {scope:?}, but no parameter is; there are: {names}");
        }
    }
    settings
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = match &self.members {
            Members::Scope(scope) => scope,
            Members::Matching(_) => "(a predicate)",
        };
        let Own { rate_scale, weight_decay } = self.own;
        f.debug_struct("Group")
            .field("members", &members)
            .field("learning_rate_scale", &rate_scale)
            .field("weight_decay", &weight_decay)
            .finish()
    }
}

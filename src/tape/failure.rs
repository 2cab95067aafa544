//! What a panic of the tape says: the operation, the facts, the numbers, and where each operand
//! was made.

use super::{Kind, List, Tape, Var};
use crate::float::Float;
use crate::shape::{Shape, ShapeError};
use std::fmt::Write;
use std::panic::Location;

impl<T: Float> Tape<'_, T> {
    /// What a node is: `relu`, `param "head.weight"`, `constant`, `var "x"`.
    pub(super) fn title(&self, nodes: &List<T>, id: u32) -> String {
        let title = match (nodes[id as usize].kind, self.params) {
            (Kind::Operation, _) => nodes.name(&nodes[id as usize]).to_string(),
            (Kind::Parameter(index), Some(params)) => format!("param {:?}", params.name_at(index as usize)),
            (Kind::Constant, _) => "constant".to_string(),
            _ => "var".to_string(),
        };
        match self.names.of(id) {
            Some(name) => format!("{title} {name:?}"),
            None => title,
        }
    }

    /// ```text
    /// matmul: inner dimensions differ: [32, 10] · [12, 5]  (10 ≠ 12)
    ///   lhs: relu                 [32, 10]  made at examples/mlp.rs:41
    ///   rhs: param "head.weight"  [12, 5]
    ///   at examples/mlp.rs:42
    /// ```
    #[cold]
    #[track_caller]
    pub(super) fn shape_panic(
        &self,
        nodes: &List<T>,
        op: &str,
        error: &ShapeError,
        inputs: &[Var<'_, T>],
    ) -> ! {
        let rows: Vec<[String; 4]> = inputs
            .iter()
            .enumerate()
            .map(|(i, v)| {
                let node = &nodes[v.id()];
                let role = match (inputs.len(), i) {
                    (1, _) => "x".to_string(),
                    (2, 0) => "lhs".to_string(),
                    (2, _) => "rhs".to_string(),
                    _ => format!("x{i}"),
                };
                let mut made = match node.kind {
                    Kind::Parameter(_) => String::new(),
                    _ => format!("made at {}:{}", node.line.file(), node.line.line()),
                };
                if let (false, Some(layer)) = (made.is_empty(), self.layers.name(node.layer)) {
                    let _ = write!(made, " in layer {layer:?}");
                }
                let shape = nodes.value(self.params, v.node()).shape().to_string();
                [role, self.title(nodes, v.node()), shape, made]
            })
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (role, title, shape) = (width(0), width(1), width(2));
        let mut message = format!("{op}: {error}");
        for [a, b, c, d] in &rows {
            let line = format!("\n  {a:>role$}: {b:title$}  {c:shape$}  {d}");
            message.push_str(line.trim_end());
        }
        let line = self.line.get().unwrap_or(Location::caller());
        let _ = write!(message, "\n  at {}:{}", line.file(), line.line());
        if let Some(layer) = self.layers.name(self.layers.current()) {
            let _ = write!(message, " in layer {layer:?}");
        }
        panic!("{message}");
    }

    /// [`shape_panic`](Self::shape_panic) for what is checked before anything is recorded.
    #[cold]
    #[track_caller]
    pub(crate) fn refuse_shape(&self, op: &str, error: &ShapeError, inputs: &[Var<'_, T>]) -> ! {
        self.shape_panic(&self.nodes.borrow(), op, error, inputs)
    }

    /// Why a handle cannot be used on this tape.
    #[cold]
    #[track_caller]
    pub(super) fn refuse(&self, v: Var<'_, T>) -> ! {
        if v.tape.number != self.number {
            panic!(
                "v{} belongs to another tape: the operands of an operation are of one tape \
                 (bring a value over with `tape.constant(v.value())`)",
                v.node()
            );
        }
        panic!("v{} was made in a scope that has ended: a scope keeps only its result", v.node());
    }
}

impl<T: Float> Var<'_, T> {
    /// What a rule makes of this value's shape: attributes of an operation about to be recorded.
    /// Where the rule refuses, the panic is the operation's.
    #[track_caller]
    #[inline]
    pub(crate) fn resolve<A>(self, op: &str, rule: impl FnOnce(&Shape) -> Result<A, ShapeError>) -> A {
        match self.with_value(|x| rule(x.shape())) {
            Ok(attributes) => attributes,
            Err(error) => self.tape.refuse_shape(op, &error, &[self]),
        }
    }
}

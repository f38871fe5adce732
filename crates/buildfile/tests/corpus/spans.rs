//! What holds of the spans of every tree.

use buildfile::{Expr, ExprKind, File, Span, Statement, StatementKind};

/// Whether all spans lie in those of their parents, one behind the other, and comments outside of strings.
pub(crate) fn check(file: &File<'_>) -> Result<(), String> {
    in_order(Span::new(0, file.text.len()), file.comments.iter().map(|comment| comment.span))?;
    if let Some(comment) = file.comments.iter().find(|comment| file.text[comment.span.start] != b'#') {
        return Err(format!("no comment: {comment:?}"));
    }
    statements(Span::new(0, file.text.len()), &file.statements)
}

fn statements(parent: Span, list: &[Statement<'_>]) -> Result<(), String> {
    in_order(parent, list.iter().map(|statement| statement.span))?;
    for Statement { span, kind } in list {
        match kind {
            StatementKind::Load(load) => {
                let symbols = load.symbols.iter().map(|symbol| symbol.span);
                in_order(*span, std::iter::once(load.module.span).chain(symbols))?;
            }
            StatementKind::Expr(value) | StatementKind::Return(Some(value)) => expressions(*span, [value])?,
            StatementKind::Assign { target, value } => expressions(*span, [target, value])?,
            StatementKind::Block { head, body } => {
                expressions(*span, head)?;
                statements(*span, body)?;
            }
            StatementKind::Return(None) | StatementKind::Branch => {}
        }
    }
    Ok(())
}

fn expressions<'t, 'a: 't>(parent: Span, list: impl IntoIterator<Item = &'t Expr<'a>>) -> Result<(), String> {
    let list: Vec<_> = list.into_iter().collect();
    in_order(parent, list.iter().map(|expr| expr.span))?;
    for expr in list {
        if let ExprKind::Call(call) = &expr.kind {
            let arguments = call.arguments.iter().map(|argument| argument.span);
            in_order(
                expr.span,
                [call.callee.span, call.open].into_iter().chain(arguments).chain([call.close]),
            )?;
        }
        expressions(expr.span, expr.children())?;
    }
    Ok(())
}

fn in_order(parent: Span, spans: impl Iterator<Item = Span>) -> Result<(), String> {
    let mut end = parent.start;
    for span in spans {
        if span.start < end || span.end <= span.start || span.end > parent.end {
            return Err(format!("{span:?} after {end} in {parent:?}"));
        }
        end = span.end;
    }
    Ok(())
}

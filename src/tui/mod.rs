//! The full-screen console.
pub fn run(_: crate::base::Paths) -> crate::base::Result<()> {
    Ok(())
}

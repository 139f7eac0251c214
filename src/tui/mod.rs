//! The full-screen console.
    Ok(())
}

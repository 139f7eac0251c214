//! The bundled bank and the themes are embedded into the binary; cargo does not see by itself that they changed.

fn main() {
    println!("cargo::rerun-if-changed=workflows");
    println!("cargo::rerun-if-changed=themes");
}

//! Makes a component of a core module that carries its world in custom sections, as every module
//! with bindings of wit-bindgen does.
//!
//!   encode MODULE.wasm COMPONENT.wasm
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, module, out] = arguments.as_slice() else {
        return Err("usage: encode MODULE.wasm COMPONENT.wasm".into());
    };
    let component = wit_component::ComponentEncoder::default()
        .module(&std::fs::read(module)?)?
        .encode()?;
    Ok(std::fs::write(out, component)?)
}

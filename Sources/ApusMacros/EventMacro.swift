@_exported import Apus

/// Makes a structure an event.
///
/// ```swift
/// @Event("user/signed-up")
/// struct UserSignedUp {
///     var userID: String
/// }
/// ```
///
/// Without a name the type's own is taken: its first word, a slash, and the others; `UserSignedUp` is `user/signed-up`.
/// A name that is none is an error when the app is built.
@attached(extension, conformances: Apus.Event, names: named(name))
public macro Event(_ name: String? = nil) = #externalMacro(module: "ApusMacrosPlugin", type: "EventMacro")

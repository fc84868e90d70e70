/// Why a text is no key. It never contains the text.
public enum KeyError: Error, Hashable, CustomStringConvertible {
    /// Not hexadecimal digits in pairs, behind a prefix or not.
    case signingKeyForm
    /// Nothing, or a character that cannot stand in the path of a URL.
    case eventKeyForm
    case tooMany(limit: Int)

    /// What is wrong and which form is right; begins with a small letter and has no full stop.
    public var description: String {
        switch self {
        case .signingKeyForm:
            "a signing key is an even number of hexadecimal digits, \(SigningKey.digitLimit) at most, "
                + "which may have a prefix such as signkey-prod-; `openssl rand -hex 32` makes one"
        case .eventKeyForm:
            "an event key is 1 to \(EventKeys.lengthLimit) letters, digits or signs, without spaces and / ? # %"
        case .tooMany(let limit): "there may be \(limit) keys at most"
        }
    }
}

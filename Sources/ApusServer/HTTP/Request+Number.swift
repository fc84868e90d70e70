import ApusCore
import Hummingbird

extension Request {
    /// A number of a query, from 1 on.
    /// - Parameter usual: when the query does not name it.
    /// - Throws: 400 that says what is wrong.
    func number(_ name: String, usual: Int, most: Int) throws(HTTPError) -> Int {
        guard let text = uri.queryParameters[Substring(name)].map(String.init) else { return usual }
        guard let number = Int(text), (1...most).contains(number) else {
            throw HTTPError(
                .badRequest, message: "\(name) must be a number from 1 to \(most), not \(text.excerpt())"
            )
        }
        return number
    }
}

import ApusCore
import ApusEngine

/// Why runs wait and events start nothing, in words.
package enum WaitText {
    /// What a run has waited for.
    static func waited(for obstacle: Obstacle) -> String {
        let key = obstacle.key.isEmpty ? "" : " of key \"\(obstacle.key)\""
        return switch obstacle.rule {
        case .concurrency: "had waited for the concurrency limit\(key)"
        case .runConcurrency: "had waited for the limit on living runs\(key)"
        case .throttle: "had waited for the throttle\(key)"
        case .order, .app: "had waited for its turn"
        default: "had waited for \(obstacle.rule.name)\(key)"
        }
    }
}

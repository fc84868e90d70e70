/// What an app says of itself when it registers: the body of `/fn/register` and of an in-band sync.
public struct Registration: Hashable, Sendable {
    /// The app's identity.
    public var appName: String
    /// The app's endpoint, normalised.
    public var url: String
    /// `js`, `py`, `go`, …; empty when unknown.
    public var sdkLanguage: String
    /// As the SDK writes it, `v4.18.1`; empty when unknown.
    public var sdkVersion: String
    /// The web framework that serves the app; empty when unknown.
    public var framework: String
    /// The app's own version; empty when it has none.
    public var appVersion: String
    /// The app's functions in the order of the body; empty when it has none any more.
    public var functions: [FunctionConfiguration]
    /// Changes whenever anything that matters in the body changes.
    public var checksum: String

    /// Makes a registration; ``decode(_:limits:)`` makes it of a body.
    public init(
        appName: String,
        url: String,
        sdkLanguage: String = "",
        sdkVersion: String = "",
        framework: String = "",
        appVersion: String = "",
        functions: [FunctionConfiguration],
        checksum: String
    ) {
        self.appName = appName
        self.url = url
        self.sdkLanguage = sdkLanguage
        self.sdkVersion = sdkVersion
        self.framework = framework
        self.appVersion = appVersion
        self.functions = functions
        self.checksum = checksum
    }
}

/// One function of an app as it was registered.
public struct FunctionConfiguration: Hashable, Sendable {
    /// `<app>-<function>`, unique within the app.
    public var slug: String
    /// What a person reads; never empty.
    public var name: String
    /// What starts it, at most 10; without any it can only be invoked.
    public var triggers: [Trigger]
    /// Where its calls go, normalised; `stepId` in the query is replaced for each call.
    public var stepURL: String
    /// Retries after the first attempt, 0…20; `nil` means the default of 4.
    public var retries: Int?
    /// The events that cancel a run of the function, at most 5.
    public var cancellations: [Cancellation]
    /// After which times a run is cancelled.
    public var timeouts: Timeouts
    /// When, in which order and how often its runs start and are called.
    public var flowControl: FlowControl
    /// The registered object, canonical; stored, and decoded again at start.
    public var source: RawJSON

    /// Makes a configuration; ``decode(source:)`` makes it of a registered object.
    public init(
        slug: String,
        name: String,
        triggers: [Trigger],
        stepURL: String,
        retries: Int? = nil,
        cancellations: [Cancellation] = [],
        timeouts: Timeouts = Timeouts(),
        flowControl: FlowControl = .none,
        source: RawJSON = .emptyObject
    ) {
        self.slug = slug
        self.name = name
        self.triggers = triggers
        self.stepURL = stepURL
        self.retries = retries
        self.cancellations = cancellations
        self.timeouts = timeouts
        self.flowControl = flowControl
        self.source = source
    }

    /// What starts the function.
    public enum Trigger: Hashable, Sendable {
        /// An event by name; a name may end in `/*` or `.*`.
        case event(name: String, filter: Filter)
        /// A schedule, kept as written.
        case cron(schedule: String, jitter: String?)
    }

    /// Which of the events with the right name start the function.
    public enum Filter: Hashable, Sendable {
        /// All of them.
        case every
        /// The one filter that SDKs write themselves, for failure handlers:
        /// `event.data.function_id == '<slug>'`.
        case functionID(String)
        /// Those for which an expression over `event` is true.
        case expression(String)
    }

    /// An event that cancels a run.
    public struct Cancellation: Hashable, Sendable {
        /// The event's exact name.
        public var event: String
        /// An expression over `event`, which started the run, and `async`, which may cancel it; `nil` for
        /// every event of the name.
        public var condition: String?
        /// For how long a run can be cancelled by it.
        public var period: Period

        /// Makes a cancellation.
        public init(event: String, condition: String? = nil, period: Period) {
            self.event = event
            self.condition = condition
            self.period = period
        }

        /// A time from the run's creation, or a date.
        public enum Period: Hashable, Sendable {
            /// Counted from the run's creation.
            case lasting(TimeSpan)
            /// A date.
            case until(Timestamp)
        }
    }

    /// The times after which a run is cancelled; `nil` means never.
    public struct Timeouts: Hashable, Sendable {
        /// From the run's creation to its first call.
        public var start: TimeSpan?
        /// From the first call to the run's end.
        public var finish: TimeSpan?

        /// Makes timeouts.
        public init(start: TimeSpan? = nil, finish: TimeSpan? = nil) {
            self.start = start
            self.finish = finish
        }
    }
}

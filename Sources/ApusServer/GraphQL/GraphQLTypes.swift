extension GraphQLSchema {
    /// What SDKs' test suites and older tools ask for.
    static let apus: GraphQLSchema = {
        do {
            return try GraphQLSchema(text)
        } catch {
            preconditionFailure("the schema of the GraphQL interface is wrong: \(error)")
        }
    }()

    private static let text = """
        scalar Any
        scalar Bytes
        scalar Map
        scalar Time
        scalar ULID
        scalar UUID

        type Query {
          event(query: EventQuery!): Event
          events(query: EventsQuery!): [Event!]
          eventV2(id: ULID!): EventV2
          eventsV2(first: Int! = 50, after: String, filter: EventsFilter!): EventsConnection
          function(query: FunctionQuery!): Function
          functionRun(query: FunctionRunQuery!): FunctionRun
          functions: [Function!]
          run(runID: String!): FunctionRunV2
          runs(
            first: Int! = 40, after: String, orderBy: [RunsV2OrderBy!], filter: RunsFilterV2!, preview: Boolean
          ): RunsV2Connection
          runTraceSpanOutputByID(outputID: String!): RunTraceSpanOutput
          runTrigger(runID: String!): RunTraceTrigger
          stream(query: StreamQuery!): [StreamItem!]
        }

        type Mutation {
          cancelRun(runID: ULID!): FunctionRun
          rerun(runID: ULID!, fromStep: RerunFromStepInput): FunctionRun
        }

        input RerunFromStepInput { stepID: String! input: Bytes }

        input EventQuery { workspaceId: ID = "local" eventId: ID! }
        input EventsQuery { workspaceId: ID = "local" lastEventId: ID }
        input EventsFilter {
          from: Time! until: Time query: String eventNames: [String!] includeInternalEvents: Boolean! = false
        }
        input FunctionQuery { workspaceId: ID = "local" functionSlug: String! }
        input FunctionRunQuery { workspaceId: ID = "local" functionRunId: ID! }
        input StreamQuery { after: Time before: Time limit: Int! = 100 includeInternalEvents: Boolean! = true }
        input RunsFilterV2 {
          from: Time! until: Time timeField: RunsV2OrderByField = QUEUED_AT status: [FunctionRunStatus!]
          functionIDs: [UUID!] appIDs: [UUID!] query: String
        }
        input RunsV2OrderBy { field: RunsV2OrderByField! direction: RunsOrderByDirection! }
        enum RunsV2OrderByField { QUEUED_AT STARTED_AT ENDED_AT }
        enum RunsOrderByDirection { ASC DESC }
        enum FunctionRunStatus { QUEUED RUNNING COMPLETED FAILED CANCELLED SKIPPED }

        type Event {
          id: ULID! externalID: String name: String payload: String raw: String createdAt: Time status: String
          totalRuns: Int functionRuns: [FunctionRun!]
        }
        type EventV2 {
          id: ULID! idempotencyKey: String name: String! occurredAt: Time! receivedAt: Time! raw: String!
          version: String runs: [FunctionRunV2!]!
        }
        type EventsConnection { edges: [EventsEdge!]! pageInfo: PageInfo! totalCount: Int! }
        type EventsEdge { node: EventV2! cursor: String! }
        type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }

        type App { id: UUID! externalID: String! name: String! url: String sdkLanguage: String sdkVersion: String }
        type Function {
          id: UUID! slug: String! name: String! url: String appID: UUID app: App triggers: [FunctionTrigger!]
          isArchived: Boolean isPaused: Boolean
        }
        type FunctionTrigger { type: String! value: String! condition: String }

        type FunctionRun {
          id: ULID! status: FunctionRunStatus output: Bytes startedAt: Time finishedAt: Time eventID: ULID
          functionID: UUID function: Function
        }
        type FunctionRunV2 {
          id: ULID! status: FunctionRunStatus! output: Bytes traceID: String! queuedAt: Time! startedAt: Time
          endedAt: Time eventName: String isBatch: Boolean! batchCreatedAt: Time cronSchedule: String appID: UUID
          app: App functionID: UUID! function: Function! trace(preview: Boolean): RunTraceSpan
        }
        type RunsV2Connection { edges: [FunctionRunV2Edge!]! pageInfo: PageInfo! totalCount(preview: Boolean): Int! }
        type FunctionRunV2Edge { node: FunctionRunV2! cursor: String! }
        type RunTraceTrigger {
          eventName: String IDs: [ULID!]! payloads: [Bytes!]! timestamp: Time! isBatch: Boolean! batchID: ULID
          cron: String
        }
        type RunTraceSpan {
          name: String! status: String! stepType: String! stepOp: String stepID: String runID: ULID! traceID: String!
          spanID: String! parentSpanID: String isRoot: Boolean! attempts: Int queuedAt: Time! startedAt: Time
          endedAt: Time duration: Int outputID: String stepInfo: StepInfo metadata: [SpanMetadata!]!
          childrenSpans: [RunTraceSpan!]!
        }
        type SpanMetadata { scope: String! kind: String! values: Map! updatedAt: Time! }
        union StepInfo =
          InvokeStepInfo | SleepStepInfo | WaitForEventStepInfo | WaitForSignalStepInfo | RunStepInfo
        type InvokeStepInfo {
          triggeringEventID: ULID! functionID: String! timeout: Time! returnEventID: ULID runID: ULID timedOut: Boolean
        }
        type SleepStepInfo { sleepUntil: Time! }
        type WaitForEventStepInfo {
          eventName: String! expression: String timeout: Time! foundEventID: ULID timedOut: Boolean
        }
        type WaitForSignalStepInfo { signal: String! timeout: Time! timedOut: Boolean }
        type RunStepInfo { type: String }
        type RunTraceSpanOutput { input: Bytes data: Bytes error: StepError }
        type StepError { message: String! name: String stack: String cause: Any }
        type StreamItem {
          id: ID! type: String! trigger: String! createdAt: Time! inBatch: Boolean! runs: [FunctionRun!]
        }
        """
}

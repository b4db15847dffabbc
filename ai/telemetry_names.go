package ai

// SemanticConventions is the version of OpenTelemetry's semantic conventions that
// [WithTelemetry] follows: the last one with the conventions for generative AI,
// which have moved to a repository of their own since and have no release there.
const SemanticConventions = "1.41.1"

const (
	scope     = "github.com/modular-dashboard/dashboard/ai"
	schemaURL = "https://opentelemetry.io/schemas/1.41.0" // the conventions' patch releases share one
)

// Names of the conventions, kept here because the Go package of them is no more.
const (
	metricDuration   = "gen_ai.client.operation.duration"
	metricFirstChunk = "gen_ai.client.operation.time_to_first_chunk"
	metricTokens     = "gen_ai.client.token.usage" //nolint:gosec // a name

	attrOperation     = "gen_ai.operation.name"
	attrProvider      = "gen_ai.provider.name"
	attrRequestModel  = "gen_ai.request.model"
	attrStream        = "gen_ai.request.stream"
	attrMaxTokens     = "gen_ai.request.max_tokens" //nolint:gosec // a name
	attrTemperature   = "gen_ai.request.temperature"
	attrTopP          = "gen_ai.request.top_p"
	attrSeed          = "gen_ai.request.seed"
	attrStop          = "gen_ai.request.stop_sequences"
	attrOutputType    = "gen_ai.output.type"
	attrResponseID    = "gen_ai.response.id"
	attrResponseModel = "gen_ai.response.model"
	attrFinish        = "gen_ai.response.finish_reasons"
	attrFirstChunk    = "gen_ai.response.time_to_first_chunk"
	attrInput         = "gen_ai.usage.input_tokens"
	attrOutput        = "gen_ai.usage.output_tokens"
	attrCacheRead     = "gen_ai.usage.cache_read.input_tokens"
	attrCacheWrite    = "gen_ai.usage.cache_creation.input_tokens"
	attrReasoning     = "gen_ai.usage.reasoning.output_tokens"
	attrTokenType     = "gen_ai.token.type" //nolint:gosec // a name
	attrInstructions  = "gen_ai.system_instructions"
	attrMessages      = "gen_ai.input.messages"
	attrAnswer        = "gen_ai.output.messages"
	attrErrorType     = "error.type"
	attrServerAddress = "server.address"
	attrServerPort    = "server.port"
)

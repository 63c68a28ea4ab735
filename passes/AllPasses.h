/// Registers every pass of ours for pleat-opt and textual pipelines.
#pragma once

namespace pleat {

/// Call once, before parsing a pipeline.
void registerAllPleatPasses();

} // namespace pleat

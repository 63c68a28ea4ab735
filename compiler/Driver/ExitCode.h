/// How `pleat` ends: the numbers that scripts may rely on.
#pragma once

namespace pleat {

enum class ExitCode : int {
  Done = 0,
  Usage = 1,        ///< the command line is wrong
  InputInvalid = 2, ///< a model, recipe, data or artefact file is broken
  Unsupported = 3,  ///< the input is right, but we cannot compile it
  NotMet = 4,       ///< verification failed, or a budget is not met
  Io = 5,           ///< a file could not be read or written
  Internal = 6,     ///< our mistake; a reproducer is named
};

} // namespace pleat

// Registers the pleat dialect's attributes and ops.
#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace pleat;

#include "dialects/Pleat/IR/Pleat.dialect.cpp.inc"
#include "dialects/Pleat/IR/Pleat.enum.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Pleat/IR/Pleat.attrdef.cpp.inc"

/// `literal dense<...> : type`, where the literal has the result's type, or `: type`.
static ParseResult parseLiteralOrType(OpAsmParser &parser, ElementsAttr &value, Type &type) {
  if (failed(parser.parseOptionalKeyword("literal")))
    return parser.parseColonType(type);
  if (parser.parseAttribute(value))
    return failure();
  type = value.getShapedType();
  return success();
}

static void printLiteralOrType(OpAsmPrinter &printer, WeightOp, ElementsAttr value, Type type) {
  if (value)
    printer << "literal " << value;
  else
    printer << ": " << type;
}

#define GET_OP_CLASSES
#include "dialects/Pleat/IR/Pleat.op.cpp.inc"

void PleatDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Pleat/IR/Pleat.attrdef.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Pleat/IR/Pleat.op.cpp.inc"
      >();
}

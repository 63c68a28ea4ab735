// RUN: %pleat-opt %s --split-input-file --verify-diagnostics
// One case for each constraint of repetition, stacks, reshapes and launches, named after its label.

func.func @repeat_c1(%x: tensor<3xf32>) {
  // expected-error @+1 {{'pleat.repeat' op expects a count of at least 1, but got 0}}
  %y = pleat.repeat 0 carried(%x) stacked() : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%h: tensor<3xf32>):
    pleat.yield %h : tensor<3xf32>
  }
  return
}

// -----

func.func @repeat_c2(%x: tensor<3xf32>, %s: tensor<4x3xf32>) {
  // expected-error @+1 {{'pleat.repeat' op expects the first size of each stacked operand to be 5, but got 'tensor<4x3xf32>'}}
  %y = pleat.repeat 5 carried(%x) stacked(%s) : (tensor<3xf32>, tensor<4x3xf32>) -> tensor<3xf32> {
  ^bb0(%h: tensor<3xf32>, %b: tensor<3xf32>):
    pleat.yield %h : tensor<3xf32>
  }
  return
}

// -----

func.func @repeat_c3(%x: tensor<3xf32>, %s: tensor<5x7xf32>) {
  // expected-error @+1 {{'pleat.repeat' op expects block arguments of the carried types, then of one slice of each stacked operand, but got 'tensor<3xf32>', 'tensor<5x7xf32>'}}
  %y = pleat.repeat 5 carried(%x) stacked(%s) : (tensor<3xf32>, tensor<5x7xf32>) -> tensor<3xf32> {
  ^bb0(%h: tensor<3xf32>, %b: tensor<5x7xf32>):
    pleat.yield %h : tensor<3xf32>
  }
  return
}

// -----

func.func @repeat_c4_count(%x: tensor<3xf32>) {
  // expected-error @+1 {{'pleat.repeat' op expects a yield of one value for each result, the carried ones first}}
  %y = pleat.repeat 5 carried(%x) stacked() : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%h: tensor<3xf32>):
    pleat.yield %h, %h : tensor<3xf32>, tensor<3xf32>
  }
  return
}

// -----

func.func @repeat_c4_carried_type(%x: tensor<3xf32>, %z: tensor<7xf32>) {
  // expected-error @+1 {{'pleat.repeat' op expects result 0 to agree with what is yielded, but got 'tensor<3xf32>' and 'tensor<7xf32>'}}
  %y = pleat.repeat 5 carried(%x) stacked() : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%h: tensor<3xf32>):
    pleat.yield %z : tensor<7xf32>
  }
  return
}

// -----

func.func @repeat_c4_collected_type(%x: tensor<3xf32>) {
  // expected-error @+1 {{'pleat.repeat' op expects result 1 to agree with what is yielded, but got 'tensor<4x3xf32>' and 'tensor<3xf32>'}}
  %y:2 = pleat.repeat 5 carried(%x) stacked() : (tensor<3xf32>) -> (tensor<3xf32>, tensor<4x3xf32>) {
  ^bb0(%h: tensor<3xf32>):
    pleat.yield %h, %h : tensor<3xf32>, tensor<3xf32>
  }
  return
}

// -----

func.func @yield_outside_of_a_repeat(%x: tensor<3xf32>) {
  // expected-error @+1 {{'pleat.yield' op expects parent op 'pleat.repeat'}}
  pleat.yield %x : tensor<3xf32>
}

// -----

func.func @stack_c1() {
  // expected-error @+1 {{'pleat.stack' op expects at least one operand}}
  %s = "pleat.stack"() : () -> tensor<0x3xf32>
  return
}

// -----

func.func @stack_c2(%a: tensor<3x5xf32>) {
  // expected-error @+1 {{'pleat.stack' op expects a result with a first size of 2 over 'tensor<3x5xf32>', but got 'tensor<3x2x5xf32>'}}
  %s = pleat.stack %a, %a : tensor<3x5xf32>, tensor<3x5xf32> -> tensor<3x2x5xf32>
  return
}

// -----

func.func @unstack_c1(%s: tensor<2x3x5xf32>) {
  // expected-error @+1 {{'pleat.unstack' op expects an index within the first axis, but got 2 and 'tensor<2x3x5xf32>'}}
  %u = pleat.unstack %s[2] : tensor<2x3x5xf32> -> tensor<3x5xf32>
  return
}

// -----

func.func @unstack_c2(%s: tensor<2x3x5xf32>) {
  // expected-error @+1 {{'pleat.unstack' op expects a result without the first axis of the stack, but got 'tensor<5x3xf32>' and 'tensor<2x3x5xf32>'}}
  %u = pleat.unstack %s[1] : tensor<2x3x5xf32> -> tensor<5x3xf32>
  return
}

// -----

func.func @reshape_c1(%x: tensor<?x?x6xf32>, %b: index) {
  // expected-error @+1 {{'pleat.reshape' op expects one size for each dynamic size of the result, but got 1 for 'tensor<?x?x2x3xf32>'}}
  %y = pleat.reshape %x [%b] : tensor<?x?x6xf32> -> tensor<?x?x2x3xf32>
  return
}

// -----

func.func @reshape_c2(%x: tensor<2x6xf32>) {
  // expected-error @+1 {{'pleat.reshape' op expects the same number of elements, but got 'tensor<2x6xf32>' and 'tensor<3x5xf32>'}}
  %y = pleat.reshape %x : tensor<2x6xf32> -> tensor<3x5xf32>
  return
}

// -----

func.func @launch_c1_unknown(%x: tensor<3xf32>) {
  // expected-error @+1 {{'pleat.launch' op expects 'kernel' to name a kernel}}
  %y = pleat.launch @kernel(%x) : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func private @function(tensor<3xf32>) -> tensor<3xf32>

func.func @launch_c1_not_a_kernel(%x: tensor<3xf32>) {
  // expected-error @+1 {{'pleat.launch' op expects 'function' to name a kernel}}
  %y = pleat.launch @function(%x) : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

// expected-note @+1 {{the kernel has type '(tensor<3xf32>) -> tensor<5xf32>'}}
func.func private @kernel(tensor<3xf32>) -> tensor<5xf32> attributes {pleat.kernel}

func.func @launch_c2(%x: tensor<3xf32>) {
  // expected-error @+1 {{'pleat.launch' op expects inputs and results of the kernel's types, but got 'tensor<3xf32>' and 'tensor<7xf32>'}}
  %y = pleat.launch @kernel(%x) : (tensor<3xf32>) -> tensor<7xf32>
  return
}

// -----

func.func private @kernel(tensor<?x3xf32>) -> tensor<?x5xf32> attributes {pleat.kernel}

func.func @launch_c3(%x: tensor<?x3xf32>) {
  // expected-error @+1 {{'pleat.launch' op expects one size for each dynamic size of the results, but got 0 for 1}}
  %y = pleat.launch @kernel(%x) : (tensor<?x3xf32>) -> tensor<?x5xf32>
  return
}

// -----

func.func @append_c1(%past: tensor<?x3xf32>, %new: tensor<?x3xf32>) {
  // expected-error @+1 {{'pleat.append' op expects an axis within the state's rank, but got 2 and 'tensor<?x3xf32>'}}
  %y = pleat.append %past, %new axis 2 : tensor<?x3xf32>, tensor<?x3xf32> -> tensor<?x3xf32>
  return
}

// -----

func.func @append_c2(%past: tensor<?x3xf32>, %new: tensor<?x5xf32>) {
  // expected-error @+1 {{'pleat.append' op expects state, rows and result to agree but for axis 0, but got 'tensor<?x3xf32>', 'tensor<?x5xf32>' and 'tensor<?x3xf32>'}}
  %y = pleat.append %past, %new axis 0 : tensor<?x3xf32>, tensor<?x5xf32> -> tensor<?x3xf32>
  return
}

// -----

func.func @append_c3(%past: tensor<2x3xf32>, %new: tensor<4x3xf32>) {
  // expected-error @+1 {{'pleat.append' op expects a result with the sum of sizes on axis 0, but got 'tensor<7x3xf32>'}}
  %y = pleat.append %past, %new axis 0 : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<7x3xf32>
  return
}

// Network ops that passes must recognise: attention, norms, rotary, activation, convolution.
#ifndef PLEAT_DIALECTS_PLEAT_IR_NEURALOPS_TD
#define PLEAT_DIALECTS_PLEAT_IR_NEURALOPS_TD

include "dialects/Pleat/IR/PleatBase.td"

def Pleat_AttentionOp : Pleat_Op<"attention", [Pure]> {
  let summary = "Scaled dot-product attention with grouped heads";
  let description = [{
    For each batch b, query head h and query i:

    `s[j] = scale * dot(query[b, h, i, :], key[b, h / G, j, :]) + mask[b, h, i, j]`,
    `result[b, h, i, :] = sum over j of softmax(s)[j] * value[b, h / G, j, :]`

    with G = H / Hkv. `causal` limits j to `j <= i + (T - S)`. A mask is additive f32,
    broadcast over axes of size 1. A query whose every score is -inf gives NaN, as Softmax
    does; with `masked_rows_zero` it gives 0. Keys that `causal` or the mask (at most -1e9, where
    the query has others) hides may be left out: whatever they hold, they add nothing.

    Shapes: query B x H x S x D, key B x Hkv x T x D, value B x Hkv x T x Dv, mask
    B|1 x H|1 x S|1 x T|1, result B x H x S x Dv.

    - `attention_c1`: query, key, value and result have rank 4
    - `attention_c2`: query and key agree in D
    - `attention_c3`: key and value agree in Hkv and T
    - `attention_c4`: H is a multiple of Hkv
    - `attention_c5`: a mask has rank 4

    ```mlir
    %o = pleat.attention %q, %k, %v {scale = 0.125 : f32, causal}
           : tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32> -> tensor<?x12x?x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$query, AnyRankedTensor:$key, AnyRankedTensor:$value,
                       Optional<AnyRankedTensor>:$mask, F32Attr:$scale, UnitAttr:$causal,
                       UnitAttr:$masked_rows_zero);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? attr-dict
    `:` type($query) `,` type($key) `,` type($value) (`,` type($mask)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Pleat_LayerNormOp : Pleat_Op<"layer_norm", [Pure, AttrSizedOperandSegments]> {
  let summary = "Layer normalisation over the last axis";
  let description = [{
    `(x - mean(x)) / sqrt(var(x) + epsilon) * scale + bias`, mean and variance over the last
    axis (Ba, Kiros, Hinton 2016, equation 4).

    - `layer_norm_c1`: the result has `x`'s type
    - `layer_norm_c2`: `scale` and `bias` have the shape of the last axis
  }];
  let arguments = (ins AnyRankedTensor:$x, Optional<AnyRankedTensor>:$scale,
                       Optional<AnyRankedTensor>:$bias, F32Attr:$epsilon);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $x (`scale` $scale^ `:` type($scale))? (`bias` $bias^ `:` type($bias))? attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Pleat_RmsNormOp : Pleat_Op<"rms_norm", [Pure]> {
  let summary = "Root-mean-square normalisation over the last axis";
  let description = [{
    `x / sqrt(mean(x * x) + epsilon) * scale` (Zhang, Sennrich 2019, equation 4).

    - `rms_norm_c1`: the result has `x`'s type
    - `rms_norm_c2`: `scale` has the shape of the last axis
  }];
  let arguments = (ins AnyRankedTensor:$x, Optional<AnyRankedTensor>:$scale, F32Attr:$epsilon);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$x (`scale` $scale^ `:` type($scale))? attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

def Pleat_SoftmaxOp : Pleat_Op<"softmax", [Pure, SameOperandsAndResultType]> {
  let summary = "Softmax over the last axis";
  let description = [{
    `exp(x - max(x)) / sum(exp(x - max(x)))`; with `log`, its logarithm.
  }];
  let arguments = (ins AnyRankedTensor:$x, UnitAttr:$log);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def Pleat_RotaryOp : Pleat_Op<"rotary", [Pure]> {
  let summary = "Rotary position embedding";
  let description = [{
    Rotates pairs of the last axis by angles given as cosine and sine:
    `(a, b) -> (a cos - b sin, a sin + b cos)`. Pairs are (2i, 2i + 1) with `interleaved`,
    else (i, i + D/2) (Su et al. 2021, equation 34).

    Shapes: x B x H x S x D, cos and sin B|1 x S x D/2 or B|1 x 1 x S x D/2.

    - `rotary_c1`: the result has `x`'s type, and its last size is even
    - `rotary_c2`: `cos` and `sin` have one type, with last size D/2
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$cos, AnyRankedTensor:$sin, UnitAttr:$interleaved);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$x `,` $cos `,` $sin attr-dict `:` type($x) `,` type($cos) `,` type($sin) `->` type($result)";
  let hasVerifier = 1;
}

def Pleat_ActivationOp : Pleat_Op<"activation", [Pure, SameOperandsAndResultType]> {
  let summary = "An activation function, element by element";
  let description = [{
    relu: max(x, 0) with NaN kept; gelu_erf: x/2 (1 + erf(x / sqrt 2)); gelu_tanh:
    x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))); silu: x sigmoid(x); sigmoid; tanh.

    ```mlir
    %y = pleat.activation #pleat.activation_kind<silu> %x : tensor<?x172xf32>
    ```
  }];
  let arguments = (ins Pleat_ActivationAttr:$kind, AnyRankedTensor:$x);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$kind $x attr-dict `:` type($x)";
}

def Pleat_ConvOp : Pleat_Op<"conv", [Pure]> {
  let summary = "Convolution, channels first";
  let description = [{
    ONNX's Conv: x N x C x spatial..., weight M x C/group x kernel..., bias M. `pads` holds
    all begins, then all ends.

    - `conv_c1`: x, weight and result have one rank, 3 or 4
    - `conv_c2`: strides, dilations and pads have one, one and two entries an axis
    - `conv_c3`: C equals the weight's second size times `group`, and M is a multiple of `group`
    - `conv_c4`: `bias` has shape [M]
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$weight, Optional<AnyRankedTensor>:$bias,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads,
                       I64Attr:$group);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $x `,` $weight (`bias` $bias^)? attr-dict `:` type($x) `,` type($weight) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // PLEAT_DIALECTS_PLEAT_IR_NEURALOPS_TD

/** The catalogue that prices come from. API: {@link dev.millrace.product.ProductService}. */
@NullMarked
package dev.millrace.product;

import org.jspecify.annotations.NullMarked;

// libpng's simplified API, with the structure it fills kept on this side.
#ifndef IMGCONV_CPNG_SHIM_H
#define IMGCONV_CPNG_SHIM_H

#include <png.h>
#include <string.h>

/// Encodes `height` rows of `width` RGB pixels (8 bits a channel, no padding) as a PNG
/// (png_image_write_to_memory). With `memory` null only the room needed is stored in `*size`, else
/// the PNG is written there and `*size` becomes its length. Returns 1, or 0 on failure.
static inline int cpng_encode_rgb(
    const void *pixels, unsigned width, unsigned height, void *memory, size_t *size) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t bytes = *size;
  if (memory == NULL) bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  int ok = memory == NULL
      ? 1
      : png_image_write_to_memory(&image, memory, &bytes, 0, pixels, 0, NULL);
  *size = bytes;
  png_image_free(&image);
  return ok;
}

#endif

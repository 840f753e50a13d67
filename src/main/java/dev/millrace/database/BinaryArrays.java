package dev.millrace.database;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.client.EncodedParameter;
import io.r2dbc.postgresql.codec.Codec;
import io.r2dbc.postgresql.codec.CodecMetadata;
import io.r2dbc.postgresql.codec.CodecRegistry;
import io.r2dbc.postgresql.codec.PostgresTypeIdentifier;
import io.r2dbc.postgresql.extension.CodecRegistrar;
import io.r2dbc.postgresql.message.Format;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Sends arrays to PostgreSQL in its binary format. A group of payments sends some forty columns as arrays; to write them as text,
 * which is how the driver sends them, took 4 % of the service's time, and PostgreSQL has to read it.
 *
 * <p>The driver finds it as a service. Arrays of any other type, and all that PostgreSQL sends, are left to the driver.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/arrayfuncs.c">array_recv in
 *     arrayfuncs.c, which says what the format is</a>
 */
public final class BinaryArrays implements CodecRegistrar {

    private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");

    @Override
    public Mono<Void> register(PostgresqlConnection connection, ByteBufAllocator buffers, CodecRegistry codecs) {
        return Mono.fromRunnable(() -> List.of(
                        new ArrayCodec<>(UUID[].class, 2951, 2950, BinaryArrays::write, buffers),
                        new ArrayCodec<>(Long[].class, 1016, 20, BinaryArrays::write, buffers),
                        new ArrayCodec<>(Integer[].class, 1007, 23, BinaryArrays::write, buffers),
                        new ArrayCodec<>(Instant[].class, 1185, 1184, BinaryArrays::write, buffers),
                        new ArrayCodec<>(String[].class, 1015, 1043, BinaryArrays::write, buffers))
                .forEach(codecs::addFirst));
    }

    private static void write(ByteBuf target, UUID value) {
        target.writeInt(2 * Long.BYTES)
                .writeLong(value.getMostSignificantBits())
                .writeLong(value.getLeastSignificantBits());
    }

    private static void write(ByteBuf target, Long value) {
        target.writeInt(Long.BYTES).writeLong(value);
    }

    private static void write(ByteBuf target, Integer value) {
        target.writeInt(Integer.BYTES).writeInt(value);
    }

    /** Microseconds; what is finer is cut off. */
    private static void write(ByteBuf target, Instant value) {
        Duration since = Duration.between(EPOCH, value);
        target.writeInt(Long.BYTES)
                .writeLong(Math.addExact(Math.multiplyExact(since.getSeconds(), 1_000_000), since.getNano() / 1_000));
    }

    private static void write(ByteBuf target, String value) {
        target.writeInt(ByteBufUtil.utf8Bytes(value));
        ByteBufUtil.writeUtf8(target, value);
    }

    /** Only writes. The types are PostgreSQL's own numbers for that of the array and that of its elements. */
    @RequiredArgsConstructor
    private static final class ArrayCodec<T> implements Codec<T[]>, CodecMetadata {

        private static final int NULL = -1;

        private final Class<T[]> javaType;
        private final int arrayType;
        private final int elementType;
        private final BiConsumer<ByteBuf, T> writer;
        private final ByteBufAllocator buffers;

        /** The driver looks by this before it asks {@link #canEncode}. */
        @Override
        public Class<?> type() {
            return javaType;
        }

        /** Nothing is read. */
        @Override
        public List<PostgresTypeIdentifier> getDataTypes() {
            return List.of();
        }

        @Override
        public boolean canEncode(Object value) {
            return javaType.isInstance(value);
        }

        @Override
        public EncodedParameter encode(Object value) {
            return encode(value, arrayType);
        }

        @Override
        public EncodedParameter encode(Object value, int dataType) {
            return new EncodedParameter(
                    Format.FORMAT_BINARY, dataType, Mono.fromSupplier(() -> write(javaType.cast(value))));
        }

        private ByteBuf write(@Nullable T[] elements) {
            ByteBuf target = buffers.buffer();
            boolean isEmpty = elements.length == 0;
            target.writeInt(isEmpty ? 0 : 1).writeInt(1).writeInt(elementType);
            if (!isEmpty) {
                target.writeInt(elements.length).writeInt(1);
            }
            for (T element : elements) {
                if (element == null) {
                    target.writeInt(NULL);
                } else {
                    writer.accept(target, element);
                }
            }
            return target;
        }

        @Override
        public boolean canEncodeNull(Class<?> type) {
            return false;
        }

        @Override
        public EncodedParameter encodeNull() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean canDecode(int dataType, Format format, Class<?> type) {
            return false;
        }

        @Override
        public T[] decode(@Nullable ByteBuf buffer, int dataType, Format format, Class<? extends T[]> type) {
            throw new UnsupportedOperationException();
        }
    }
}

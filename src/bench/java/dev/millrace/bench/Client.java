package dev.millrace.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** One connection, with one request under way at most. */
final class Client extends ChannelInboundHandlerAdapter {

    private final Turn turn;
    private final PaymentRequest request;
    private final AnswerReader answer = new AnswerReader();
    private Channel channel;
    private boolean waits;
    private long order;
    private long due;

    Client(Turn turn, Orders orders) {
        this.turn = turn;
        this.request = new PaymentRequest(orders);
    }

    /** The order that it asked to be paid. */
    long order() {
        return order;
    }

    /** When that was due. */
    long due() {
        return due;
    }

    void send(long number, long dueAt) {
        order = number;
        due = dueAt;
        waits = true;
        channel.writeAndFlush(request.of(number), channel.voidPromise());
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        channel = context.channel();
        turn.connected(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf piece = (ByteBuf) message;
        try {
            int status = answer.read(piece);
            if (status != AnswerReader.INCOMPLETE) {
                waits = false;
                turn.answered(this, status);
            }
        } finally {
            piece.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        turn.disconnected(this, waits);
        waits = false;
        request.close();
        answer.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        turn.failed(cause);
        context.close();
    }
}

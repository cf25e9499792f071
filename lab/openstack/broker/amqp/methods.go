package amqp

import "fmt"

// methodID is a method's class and number, as in the protocol's XML definition.
type methodID struct{ class, method uint16 }

func (m methodID) String() string { return fmt.Sprintf("method %d.%d", m.class, m.method) }

var (
	connectionStart   = methodID{10, 10}
	connectionStartOk = methodID{10, 11}
	connectionTune    = methodID{10, 30}
	connectionTuneOk  = methodID{10, 31}
	connectionOpen    = methodID{10, 40}
	connectionOpenOk  = methodID{10, 41}
	connectionClose   = methodID{10, 50}
	connectionCloseOk = methodID{10, 51}

	channelOpen    = methodID{20, 10}
	channelOpenOk  = methodID{20, 11}
	channelFlow    = methodID{20, 20}
	channelFlowOk  = methodID{20, 21}
	channelClose   = methodID{20, 40}
	channelCloseOk = methodID{20, 41}

	exchangeDeclare   = methodID{40, 10}
	exchangeDeclareOk = methodID{40, 11}
	exchangeDelete    = methodID{40, 20}
	exchangeDeleteOk  = methodID{40, 21}

	queueDeclare   = methodID{50, 10}
	queueDeclareOk = methodID{50, 11}
	queueBind      = methodID{50, 20}
	queueBindOk    = methodID{50, 21}
	queuePurge     = methodID{50, 30}
	queuePurgeOk   = methodID{50, 31}
	queueDelete    = methodID{50, 40}
	queueDeleteOk  = methodID{50, 41}
	queueUnbind    = methodID{50, 50}
	queueUnbindOk  = methodID{50, 51}

	basicQos       = methodID{60, 10}
	basicQosOk     = methodID{60, 11}
	basicConsume   = methodID{60, 20}
	basicConsumeOk = methodID{60, 21}
	basicCancel    = methodID{60, 30}
	basicCancelOk  = methodID{60, 31}
	basicPublish   = methodID{60, 40}
	basicReturn    = methodID{60, 50}
	basicDeliver   = methodID{60, 60}
	basicGet       = methodID{60, 70}
	basicGetOk     = methodID{60, 71}
	basicGetEmpty  = methodID{60, 72}
	basicAck       = methodID{60, 80}
	basicReject    = methodID{60, 90}
	basicNack      = methodID{60, 120}

	confirmSelect   = methodID{85, 10}
	confirmSelectOk = methodID{85, 11}
)

// Reply codes: AMQP 0-9-1, section 1.2.
const (
	replyNoRoute            = 312
	replyAccessRefused      = 403
	replyNotFound           = 404
	replyResourceLocked     = 405
	replyPreconditionFailed = 406
	replyFrameError         = 501
	replySyntaxError        = 502
	replyChannelError       = 504
	replyUnexpectedFrame    = 505
	replyNotAllowed         = 530
	replyNotImplemented     = 540
)

// protocolError closes a channel, or the connection when the protocol says so (a hard error).
type protocolError struct {
	code uint16
	text string
	on   methodID
	hard bool
}

func (e *protocolError) Error() string { return fmt.Sprintf("%d: %s", e.code, e.text) }

func soft(on methodID, code uint16, format string, a ...any) *protocolError {
	return &protocolError{code: code, text: fmt.Sprintf(format, a...), on: on}
}

func hard(on methodID, code uint16, format string, a ...any) *protocolError {
	return &protocolError{code: code, text: fmt.Sprintf(format, a...), on: on, hard: true}
}

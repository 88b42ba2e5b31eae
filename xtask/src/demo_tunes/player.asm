; Sidereal's own player: three voices a chip, one optional track of samples.
; Lines behind ;2 and ;3 are there from two and three chips on.
; Tables of instruments, waves, filters, patterns and orders follow from the tune's text.
; Defined elsewhere: TRACKS, VOICES, SLOTS (of the variables, a track each), CLEARED (bytes
; cleared at once), LASTREG, HARD, and the driver's (psid.asm or rsid.asm) routine putvol.

SID     = $d400
ptr     = $fb

; --- start song A: every variable is set, so any song may follow any other
start   asl
        asl
        asl
        tay
        ldx #0
        txa
clear   sta vars,x
;3      sta varsend-CLEARED,x
        inx
        cpx #CLEARED
        bne clear
        ldx #LASTREG
clrsid  sta SID,x
;2      sta SID+32,x
;3      sta SID+64,x
        dex
        bpl clrsid
        ldx #0
orders  lda songs,y
        sta olo,x
        iny
        lda songs,y
        sta ohi,x
        iny
        lda #1
        sta dur,x
        lda #$ff
        sta lastn,x
        inx
        cpx #SLOTS
        bne orders
        tya
        lsr
        lsr
        lsr
        tay
        dey
        lda tempos1,y
        sta tempo
        lda tempos2,y
        sta tempo2
        lda #HARD+1
        sta tick
        lda #$0f
        sta volume
        rts

; --- one call
play    dec tick
        lda tick
        beq newrow
        cmp #HARD
        bne sound
; rows ahead are read early, so that voices about to speak can be silenced first
        ldx #TRACKS-1
look    lda dur,x
        cmp #1
        bne look2
        jsr fetch
look2   dex
        bpl look
        jmp sound
newrow  lda tempo
        ldy tempo2
        sty tempo
        sta tempo2
        sta tick
        ldx #TRACKS-1
row     dec dur,x
        bne row2
        jsr commit
row2    dex
        bpl row
sound   ldx #VOICES-1
voices  jsr voice
        dex
        bpl voices
        jsr filter
        jmp putvol

; --- read events of track X up to a note, rest or key-off; kind and ndur are left for commit
fetch   lda plo,x
        sta ptr
        lda phi,x
        sta ptr+1
        beq nextpat
event   ldy #0
        lda (ptr),y
        inc ptr
        bne event2
        inc ptr+1
event2  cmp #$80
        bcs command
        cmp #$7f
        beq nextpat
        sta kind,x
        lda ptr
        sta plo,x
        lda ptr+1
        sta phi,x
        lda kind,x
        cmp #$60
        bcs fetched
        cpx #VOICES
        bcs fetched
        lda tied,x
        bne fetched
; hard restart: gate off and a zero envelope
        lda gate,x
        and #$fe
        sta gate,x
        lda #0
        sta ad,x
        sta sr,x
fetched rts
nextpat lda olo,x
        sta ptr
        lda ohi,x
        sta ptr+1
order   ldy opos,x
        lda (ptr),y
        inc opos,x
        cmp #$ff
        bne order2
        iny
        lda (ptr),y
        sta opos,x
        jmp order
order2  cmp #$80
        bcc order3
        sbc #$a0
        sta transp,x
        jmp order
order3  tay
        lda patlo,y
        sta ptr
        lda pathi,y
        sta ptr+1
        jmp event
command cmp #$a0
        bcs cmd2
        and #$1f
        adc #1
        sta ldur,x
        jmp event
cmd2    cmp #$e0
        bcs cmd3
        sec
        sbc #$a0
        sta ninst,x
        jmp event
cmd3    pha
        lda (ptr),y
        inc ptr
        bne cmd4
        inc ptr+1
cmd4    tay
        pla
        cmp #$e0
        bne cmd5
        tya
        sta nslide,x
        lda #1
        sta tied,x
        jmp event
cmd5    cmp #$e1
        bne cmd6
        tya
        sta nfilt
        jmp event
cmd6    tya
        sta volume
        jmp event

; --- the row of the event has come
commit  lda ldur,x
        sta dur,x
        lda nfilt
        beq commit1
        jsr setfilt
        lda #0
        sta nfilt
commit1 lda kind,x
        cmp #$60
        bcc note
        beq silent
        lda #$fe
        sta gate,x
silent  rts
note    cpx #VOICES
        bne note2
        jmp sample
note2   clc
        adc transp,x
        sta newn,x
        lda tied,x
        beq fresh
; slide or legato: the way from the old pitch is kept as an offset that dies away
        lda #0
        sta tied,x
        lda nslide,x
        sta slide,x
        beq legato
        ldy lastn,x
        clc
        lda slo,x
        adc freqlo,y
        sta slo,x
        lda shi,x
        adc freqhi,y
        sta shi,x
        ldy newn,x
        sec
        lda slo,x
        sbc freqlo,y
        sta slo,x
        lda shi,x
        sbc freqhi,y
        sta shi,x
        jmp settle
legato  lda #0
        sta slo,x
        sta shi,x
settle  lda newn,x
        sta lastn,x
        rts
fresh   lda newn,x
        sta lastn,x
        lda #0
        sta slo,x
        sta shi,x
        sta viblo,x
        sta vibhi,x
        sta vibdir,x
        lda #$ff
        sta gate,x
        ldy ninst,x
        lda iad,y
        sta ad,x
        lda isr,y
        sta sr,x
        lda iwave,y
        sta wpos,x
        lda ivdel,y
        sta vdelay,x
        lda ivspd,y
        lsr
        sta vibcnt,x
        lda igate,y
        sta gcount,x
        lda ifilt,y
        beq nofilt
        jsr setfilt
nofilt  ldy ninst,x
        tya
        sta inst,x
        lda ipw,y
        cmp #$ff
        beq keeppw
        sta pwhi,x
        lda #0
        sta pwdir,x
        lda pwhi,x
        lsr
        ror pwlo,x
        lsr
        ror pwlo,x
        lsr
        ror pwlo,x
        lsr
        ror pwlo,x
        sta pwhi,x
        lda pwlo,x
        and #$f0
        sta pwlo,x
keeppw  rts

setfilt sta fpos
        lda #0
        sta fcount
        rts

; --- the sound of voice X, and its seven registers
voice   lda gcount,x
        beq wave
        dec gcount,x
        bne wave
        lda #$fe
        sta gate,x
wave    ldy wpos,x
wave1   lda wavew,y
        cmp #$ff
        bne wave2
        lda waven,y
        tay
        jmp wave1
wave2   cmp #0
        beq wave3
        sta ctrl,x
wave3   lda waven,y
        iny
        sta noff
        tya
        sta wpos,x
        lda noff
        bmi absolut
        cmp #$60
        bcc upward
        ora #$80
upward  clc
        adc lastn,x
absolut and #$7f
        tay
        lda freqlo,y
        sta flo
        lda freqhi,y
        sta fhi
; vibrato: a triangle of a fraction of the semitone
        lda vdelay,x
        beq vib
        cmp #$ff
        beq slides
        dec vdelay,x
        jmp slides
vib     sec
        lda freqlo+1,y
        sbc flo
        sta dlo
        lda freqhi+1,y
        sbc fhi
        ldy inst,x
        sta dhi
        lda ivdep,y
        tay
vibsh   lsr dhi
        ror dlo
        dey
        bne vibsh
        lda vibdir,x
        bne vibdown
        clc
        lda viblo,x
        adc dlo
        sta viblo,x
        lda vibhi,x
        adc dhi
        jmp vibset
vibdown sec
        lda viblo,x
        sbc dlo
        sta viblo,x
        lda vibhi,x
        sbc dhi
vibset  sta vibhi,x
        dec vibcnt,x
        bpl slides
        ldy inst,x
        lda ivspd,y
        sta vibcnt,x
        lda vibdir,x
        eor #1
        sta vibdir,x
; slide: the offset falls to nothing
slides  lda slo,x
        ora shi,x
        beq added
        lda slide,x
        sta dlo
        lda #0
        asl dlo
        rol
        asl dlo
        rol
        sta dhi
        lda shi,x
        bmi upslide
        sec
        lda slo,x
        sbc dlo
        sta slo,x
        lda shi,x
        sbc dhi
        sta shi,x
        bcs added
        bcc arrived
upslide clc
        lda slo,x
        adc dlo
        sta slo,x
        lda shi,x
        adc dhi
        sta shi,x
        bcc added
arrived lda #0
        sta slo,x
        sta shi,x
added   clc
        lda flo
        adc slo,x
        sta flo
        lda fhi
        adc shi,x
        sta fhi
        clc
        lda flo
        adc viblo,x
        sta flo
        lda fhi
        adc vibhi,x
        sta fhi
; pulse width goes to and fro between two bounds
        ldy inst,x
        lda ipspd,y
        beq write
        sta dlo
        lda pwdir,x
        bne pwdown
        clc
        lda pwlo,x
        adc dlo
        sta pwlo,x
        lda pwhi,x
        adc #0
        sta pwhi,x
        cmp ipmax,y
        bcc write
        bcs pwturn
pwdown  sec
        lda pwlo,x
        sbc dlo
        sta pwlo,x
        lda pwhi,x
        sbc #0
        sta pwhi,x
        bmi pwlow
        cmp ipmin,y
        bcs write
pwlow   lda ipmin,y
        sta pwhi,x
        lda #0
        sta pwlo,x
pwturn  lda pwdir,x
        eor #1
        sta pwdir,x
write   ldy vreg,x
        lda flo
        sta SID,y
        lda fhi
        sta SID+1,y
        lda pwlo,x
        sta SID+2,y
        lda pwhi,x
        sta SID+3,y
        lda ad,x
        sta SID+5,y
        lda sr,x
        sta SID+6,y
        lda ctrl,x
        and gate,x
        sta SID+4,y
        rts

; --- the filter's program
filter  lda fcount
        beq fnext
        dec fcount
        lda fdelta
        ldy #0
        sty dhi
        cmp #$80
        bcc fpos16
        dec dhi
fpos16  sta dlo
        ldy #4
fshift  asl dlo
        rol dhi
        dey
        bne fshift
        clc
        lda cutlo
        adc dlo
        sta cutlo
        lda cuthi
        adc dhi
        sta cuthi
        jmp fput
fnext   ldy fpos
        lda fcmd,y
        beq fjump
        bmi fset
        sta fcount
        lda fval,y
        sta fdelta
        inc fpos
        jmp filter
fjump   lda fval,y
        sta fpos
        tay
        beq fput
        bne fnext
fset    and #$70
        beq froute
        sta fmode
        lda fval,y
        sta cuthi
        lda #0
        sta cutlo
        inc fpos
        bne fnext
froute  lda fval,y
        sta SID+23
;2      sta SID+55
;3      sta SID+87
        inc fpos
        bne fnext
fput    lda cutlo
        lsr
        lsr
        lsr
        lsr
        lsr
        sta SID+21
;2      sta SID+53
;3      sta SID+85
        lda cuthi
        sta SID+22
;2      sta SID+54
;3      sta SID+86
        rts

vreg    .byte 0,7,14
;2      .byte 32,39,46
;3      .byte 64,71,78

vars
dur     .fill SLOTS
ldur    .fill SLOTS
kind    .fill SLOTS
plo     .fill SLOTS
phi     .fill SLOTS
olo     .fill SLOTS
ohi     .fill SLOTS
opos    .fill SLOTS
transp  .fill SLOTS
ninst   .fill SLOTS
nslide  .fill SLOTS
tied    .fill SLOTS
newn    .fill SLOTS
lastn   .fill SLOTS
inst    .fill SLOTS
gate    .fill SLOTS
ad      .fill SLOTS
sr      .fill SLOTS
ctrl    .fill SLOTS
wpos    .fill SLOTS
gcount  .fill SLOTS
slo     .fill SLOTS
shi     .fill SLOTS
slide   .fill SLOTS
viblo   .fill SLOTS
vibhi   .fill SLOTS
vibdir  .fill SLOTS
vibcnt  .fill SLOTS
vdelay  .fill SLOTS
pwlo    .fill SLOTS
pwhi    .fill SLOTS
pwdir   .fill SLOTS
tick    .fill 1
tempo   .fill 1
tempo2  .fill 1
volume  .fill 1
nfilt   .fill 1
fpos    .fill 1
fcount  .fill 1
fdelta  .fill 1
fmode   .fill 1
cutlo   .fill 1
cuthi   .fill 1
flo     .fill 1
fhi     .fill 1
dlo     .fill 1
dhi     .fill 1
noff    .fill 1
varsend
